"""Clock, ids, keys: small tools fit for any project, without a word of this trade."""
