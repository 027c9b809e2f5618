# The steps of `make test`, and what each has to wait for. scripts/test runs several at a time: what compiles or waits for the
# network beside what checks. From `shared` on nothing runs beside the tests on the cluster, which would feel it.
step = @scripts/step $@
steps := venv check unit docs figures cluster images mlflow traefik gateway operator rules shared alone
.PHONY: all $(steps)
all: alone

cluster:
	$(step) $(MAKE) -f Makefile cluster-up

venv:
	$(step) $(MAKE) -f Makefile venv

images:
	$(step) cluster/images.sh --build

check: venv
	$(step) $(MAKE) -f Makefile lint types layers generated

unit: venv
	$(step) $(MAKE) -f Makefile unit

docs: venv
	$(step) $(MAKE) -f Makefile docs

# Real MLflow servers on this machine, one on SQLite and one on PostgreSQL.
figures: venv
	$(step) $(MAKE) -f Makefile figures

mlflow: cluster images
	$(step) $(MAKE) -f Makefile mlflow

traefik: cluster
	$(step) cluster/gateway-program.sh

gateway: traefik
	$(step) $(MAKE) -f Makefile gateway

# As the tests want it: another configuration would start it once more.
operator: mlflow gateway
	$(step) scripts/install --values tests/e2e/operator-values.yaml

# The chart is rendered by helm, which comes with the cluster.
rules: venv cluster
	$(step) $(MAKE) -f Makefile rules

shared: check unit docs figures rules operator
	$(step) $(MAKE) -f Makefile shared

alone: shared
	$(step) $(MAKE) -f Makefile alone
