"""The blocks of both networks, each beside a plain-loop specification of itself."""
