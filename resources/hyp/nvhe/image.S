// One image: the nVHE hypervisor at EL2, its host at EL1, and the guests. Include names are relative to resources/;
// config.inc is generated from the experiment (its contents: resources/hyp/README.md).
	.include "config.inc"
	.include "hyp/shared/layout.inc"
	.include "hyp/shared/marks.inc"
	.include "hyp/shared/irg-model.inc"
	.include "hyp/shared/mte.inc"

	.include "hyp/nvhe/boot.S"
	.include "hyp/nvhe/host-calls.S"
	.include "hyp/nvhe/run.S"
	.include "hyp/nvhe/enter.S"
	.include "hyp/nvhe/sysregs.S"
	.include "hyp/nvhe/inject.S"
	.include "hyp/shared/console.S"

	.include "hosts/boot.S"
	.include "hosts/vms.S"
	.include "hosts/loop.S"
	.include "hosts/exits.S"
	.include "hosts/tags.S"
	.include "hosts/summary.S"

	.include "guests/shared/library.S"
	.include "guests/alloc.S"
	.include "guests/user.S"
	.include "guests/plain.S"
	.include "guests/shared/end.S"
