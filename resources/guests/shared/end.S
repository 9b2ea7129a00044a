	.balign	16
guest_image_end:
