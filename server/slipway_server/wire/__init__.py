"""HTTP: connections, the fast lane, routes, bodies."""
