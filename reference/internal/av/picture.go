package av

// VP8Key reports whether a VP8 frame is a key frame, and returns its coded size in pixels if it is (RFC 6386 section 9.1).
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

// maxVP9Frames is the maximum number of frames in a superframe (VP9 bitstream specification annex B).
const maxVP9Frames = 8

// VP9Superframe packs the coded frames of one picture, such as its spatial layers, into one superframe. It returns nil if there are too many.
func VP9Superframe(frames [][]byte) []byte {
	if len(frames) == 1 {
		return frames[0]
	}
	if len(frames) == 0 || len(frames) > maxVP9Frames {
		return nil
	}
	bytesOfSize, total := 1, 0
	for _, f := range frames {
		for len(f)>>(8*bytesOfSize) != 0 {
			bytesOfSize++
		}
		total += len(f)
	}
	out := make([]byte, 0, total+2+bytesOfSize*len(frames))
	for _, f := range frames {
		out = append(out, f...)
	}
	marker := byte(0xc0 | (bytesOfSize-1)<<3 | (len(frames) - 1))
	out = append(out, marker)
	for _, f := range frames {
		for i := range bytesOfSize {
			out = append(out, byte(len(f)>>(8*i)))
		}
	}
	return append(out, marker)
}

// VP9Frames is the inverse of [VP9Superframe]. It returns data that is not a superframe as one frame.
func VP9Frames(data []byte) [][]byte {
	one := [][]byte{data}
	if len(data) == 0 || data[len(data)-1]>>5 != 6 {
		return one
	}
	marker := data[len(data)-1]
	bytesOfSize, n := int(marker>>3&3)+1, int(marker&7)+1
	begin := len(data) - 2 - bytesOfSize*n
	if begin < 0 || data[begin] != marker {
		return one
	}
	var frames [][]byte
	rest, index := data[:begin], data[begin+1:]
	for range n {
		size := 0
		for i := range bytesOfSize {
			size |= int(index[i]) << (8 * i)
		}
		index = index[bytesOfSize:]
		if size > len(rest) {
			return one
		}
		if size > 0 {
			frames = append(frames, rest[:size])
		}
		rest = rest[size:]
	}
	if len(frames) == 0 {
		return one
	}
	return frames
}

// VP9Shown reports whether a decoder shows a picture for a VP9 frame: show_existing_frame or show_frame.
func VP9Shown(frame []byte) bool {
	if len(frame) == 0 {
		return false
	}
	const showExisting, showFrame = 1 << 3, 1 << 1
	header := frame[0]
	if header>>4&3 == 3 {
		header <<= 1
	}
	return header&(showExisting|showFrame) != 0
}
