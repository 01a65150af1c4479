"""Web APIs: sources that ask page after page, destinations that send requests."""
