package av

// VP8Key reports whether a VP8 frame is a key frame and, if so, its coded size (RFC 6386 section 9.1).
func VP8Key(frame []byte) (width, height int, key bool) {
	if len(frame) < 10 || frame[0]&1 != 0 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return 0, 0, false
	}
	width = int(frame[6]) | int(frame[7]&0x3f)<<8
	height = int(frame[8]) | int(frame[9]&0x3f)<<8
	return width, height, width > 0 && height > 0
}

// VP9Key reports whether a VP9 frame is a key frame: frame_type 0 and not show_existing_frame (VP9 bitstream
// specification section 6.2).
func VP9Key(frame []byte) bool {
	if len(frame) < 1 || frame[0]>>6 != 2 {
		return false
	}
	const showExisting, interFrame = 1 << 3, 1 << 2
	header := frame[0]
	if header>>4&3 == 3 { // profile 3 has a reserved bit before both
		header <<= 1
	}
	return header&(showExisting|interFrame) == 0
}
