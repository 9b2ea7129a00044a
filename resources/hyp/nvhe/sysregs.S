// The whole state of one world at EL1, to and from its context. Host and guest take the same path.

// x0 = context
sysregs_save:
	el1_state_save
	sysreg_save mdscr_el1, CTX_MDSCR
	user_state_save
	el2_return_save
	ret

// x0 = context
sysregs_restore:
	el1_state_restore
	sysreg_restore mdscr_el1, CTX_MDSCR
	user_state_restore
	el2_return_restore
	ret
