"""A job that has ended stays as it ended, whatever statement says otherwise."""

from alembic import op

revision = "0002"
down_revision = "0001"

_FINAL = "('completed', 'failed', 'stopped')"
_SAYS = "the final state of a job never changes"


def upgrade() -> None:
    """Guard the final states of jobs by a trigger."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_to_leave_a_final_state() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            "CREATE TRIGGER final_states_of_jobs BEFORE UPDATE OF status ON jobs FOR EACH ROW "
            f"WHEN (OLD.status IN {_FINAL} AND NEW.status IS DISTINCT FROM OLD.status) "
            "EXECUTE FUNCTION refuse_to_leave_a_final_state()"
        )
    else:
        op.execute(
            "CREATE TRIGGER final_states_of_jobs BEFORE UPDATE OF status ON jobs FOR EACH ROW "
            f"WHEN OLD.status IN {_FINAL} AND NEW.status IS NOT OLD.status "
            f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
        )


def downgrade() -> None:
    """Remove the trigger."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER final_states_of_jobs ON jobs")
        op.execute("DROP FUNCTION refuse_to_leave_a_final_state()")
    else:
        op.execute("DROP TRIGGER final_states_of_jobs")
