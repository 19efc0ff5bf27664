package decoding

// Layout is how a picture, planar 4:2:0, of even width and height lies in memory.
type Layout struct {
	Width, Height int
	Strides       [3]int // bytes from line to line of Y, U, V
}

// alignment of lines is FFmpeg's own: where it writes more of a line than there is, that hurts nobody.
const alignment = 64

// Padded is the layout of shared pictures.
func Padded(width, height int) Layout {
	y, c := roundUp(width), roundUp(width/2)
	return Layout{width, height, [3]int{y, c, c}}
}

// Packed is the layout of FFmpeg's raw video.
func Packed(width, height int) Layout {
	return Layout{width, height, [3]int{width, width / 2, width / 2}}
}

func roundUp(n int) int { return (n + alignment - 1) / alignment * alignment }

// Size is how many bytes a picture takes.
func (l Layout) Size() int { return l.Strides[0]*l.Height + (l.Strides[1]+l.Strides[2])*l.Height/2 }

// Planes cuts Y, U, V out of a picture.
func (l Layout) Planes(picture []byte) (planes [3][]byte) {
	for i := range planes {
		n := l.Strides[i] * l.Height
		if i > 0 {
			n /= 2
		}
		planes[i], picture = picture[:n:n], picture[n:]
	}
	return planes
}

// Slot cuts the picture with a number out of the memory that is shared.
func (l Layout) Slot(memory []byte, n int) []byte {
	size := l.Size()
	return memory[n*size : (n+1)*size : (n+1)*size]
}
