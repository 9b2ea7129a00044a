// One image: the nVHE hypervisor at EL2, its host at EL1, and the guests. Include names are relative to resources/;
// config.inc is generated from the experiment (its contents: resources/hyp/README.md).
	.set HYP_VHE, 0
	.include "config.inc"
	.include "hyp/shared/layout.inc"
	.include "hyp/shared/marks.inc"
	.include "hyp/shared/irg-model.inc"
	.include "hyp/shared/mte.inc"
	.include "hyp/shared/ptrauth.inc"
	.include "hyp/shared/timer-gic.inc"
	.include "hosts/probe.inc"
	.include "hyp/shared/sysregs.inc"
	.include "hyp/nvhe/host.inc"

	.include "hyp/shared/boot.S"
	.include "hyp/nvhe/init.S"
	.include "hyp/nvhe/host-calls.S"
	.include "hyp/nvhe/run.S"
	.include "hyp/shared/enter.S"
	.include "hyp/shared/fp.S"
	.include "hyp/nvhe/sysregs.S"
	.include "hyp/nvhe/load-put.S"
	.include "hyp/shared/inject.S"
	.include "hyp/shared/console.S"

	.include "hosts/image.inc"
	.include "guests/image.inc"
