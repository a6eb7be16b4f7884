# make test needs nothing but Go; make e2e installs what it starts.
MODULES = . examples benchmarks
GO      = go

.PHONY: test e2e fmt bench plots

test: fmt
	@for m in $(MODULES); do \
		echo "== vet and test $$m" && \
		$(GO) -C $$m vet ./... && \
		$(GO) -C $$m test -race -shuffle=on ./... || exit 1; \
	done

fmt:
	@bad=$$(gofmt -l .); \
	if [ -n "$$bad" ]; then echo "not gofmt'ed:"; echo "$$bad"; exit 1; fi

e2e:
	bash .ci/e2e

bench plots:
	$(MAKE) -C benchmarks $@
