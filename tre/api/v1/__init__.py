"""Version 1 of the API: its routers, put together behind one door."""
