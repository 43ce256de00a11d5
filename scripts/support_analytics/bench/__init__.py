"""The benchmark: the project's build beside the same marts made by hand and by pandas."""
