package coded

// bits reads a header bit by bit. Past the end it reads zeros and notes that.
type bits struct {
	b    []byte
	at   int
	over bool
}

func (r *bits) read(n int) (v int) {
	for range n {
		v <<= 1
		if r.at>>3 >= len(r.b) {
			r.over = true
			continue
		}
		v |= int(r.b[r.at>>3]>>(7-r.at&7)) & 1
		r.at++
	}
	return v
}

// lookVP9 reads the uncompressed header (VP9 bitstream specification section 6.2) of the first frame in b.
func lookVP9(b []byte) (p Picture, ok bool) {
	r := &bits{b: b}
	if r.read(2) != 2 { // frame_marker
		return p, false
	}
	profile := r.read(1) | r.read(1)<<1
	if profile == 3 {
		r.read(1)
	}
	if r.read(1) == 1 { // show_existing_frame
		return p, !r.over
	}
	inter := r.read(1) == 1
	r.read(2) // show_frame, error_resilient_mode
	if inter {
		return p, !r.over
	}
	if r.read(24) != 0x498342 { // frame_sync_code
		return p, false
	}
	if profile >= 2 {
		r.read(1) // ten_or_twelve_bit
	}
	const rgb = 7
	switch space := r.read(3); {
	case space == rgb && profile&1 == 1:
		r.read(1)
	case space == rgb:
		return p, false // reserved
	case profile&1 == 1:
		r.read(4) // color_range, subsampling, reserved
	default:
		r.read(1)
	}
	p = Picture{Key: true, Width: r.read(16) + 1, Height: r.read(16) + 1}
	return p, !r.over
}
