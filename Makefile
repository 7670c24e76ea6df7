# What people do with this repository. CONTRIBUTING is README.md; what each target needs it installs or names.
.PHONY: help run web test check torture bench

help:
	@echo "make run      build everything and start Maru with demo data on http://localhost:8080"
	@echo "make test     everything CI checks; closes with 'N passed, N failed'"
	@echo "make torture  kill the server again and again, and check what clients saw (KILLS=500)"
	@echo "make bench    measure speed and size (bench/README.md)"

# Ctrl-C ends it. Data is kept in ./data.
run: web
	cargo run --release --bin maru -- serve --demo
