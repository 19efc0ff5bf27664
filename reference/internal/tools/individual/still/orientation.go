package still

import (
	"bytes"
	"encoding/binary"
	"image"
)

// Markers and tags of JPEG files with Exif.
const (
	markerApp1     = 0xe1
	markerScan     = 0xda
	tagOrientation = 0x0112
)

// orientation returns how a JPEG must be turned, from 1 (not at all) to 8 (Exif 2.3 section 4.6.4).
func orientation(b []byte) int {
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != markerScan; {
		size := int(binary.BigEndian.Uint16(b[2:]))
		if size < 2 || size > len(b)-2 {
			break
		}
		if exif, is := bytes.CutPrefix(b[4:2+size], []byte("Exif\x00\x00")); b[1] == markerApp1 && is {
			return ofExif(exif)
		}
		b = b[2+size:]
	}
	return 1
}

// ofExif returns the orientation in the first directory of a TIFF file.
func ofExif(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	order := binary.ByteOrder(binary.BigEndian)
	if b[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	b = b[at:]
	entries := int(order.Uint16(b))
	for b = b[2:]; entries > 0 && len(b) >= 12; entries, b = entries-1, b[12:] {
		if v := order.Uint16(b[8:]); order.Uint16(b) == tagOrientation && v >= 1 && v <= 8 {
			return int(v)
		}
	}
	return 1
}

// upright returns the picture turned.
func upright(in *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return in
	}
	w, h := in.Rect.Dx(), in.Rect.Dy()
	swap := orientation > 4
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if swap {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			u, v := x, y
			if swap {
				u, v = y, x
			}
			if orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8 {
				u = w - 1 - u
			}
			if orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7 {
				v = h - 1 - v
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], in.Pix[in.PixOffset(u, v):][:4])
		}
	}
	return out
}
