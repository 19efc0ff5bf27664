package still

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
)

// corners returns a JPEG of 32x16 with a white upper left corner and an orientation in Exif.
func corners(t testing.TB, orientation byte, order string) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, 32, 16))
	for y := range 8 {
		for x := range 16 {
			p.SetGray(x, y, color.Gray{255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00"
	if order == "II" {
		exif = "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string(orientation) + "\x00\x00\x00"
	}
	segment := append([]byte{0xff, markerApp1, 0, byte(2 + len(exif))}, exif...)
	return slices.Insert(b.Bytes(), 2, segment...)
}

// TestUpright checks that the white corner is where Exif 2.3 section 4.6.4 puts the 0th row and the 0th column.
func TestUpright(t *testing.T) {
	type place struct{ right, lower bool }
	for _, order := range []string{"MM", "II"} {
		for orientation, want := range map[byte]place{1: {}, 2: {right: true}, 3: {true, true}, 4: {lower: true}, 5: {}, 6: {right: true}, 7: {true, true}, 8: {lower: true}} {
			p, err := Decode(t.Context(), bytes.NewReader(corners(t, orientation, order)))
			if err != nil {
				t.Fatal(err)
			}
			w, h := p.Rect.Dx(), p.Rect.Dy()
			if turned := orientation > 4; turned != (w == 16) || turned != (h == 32) {
				t.Errorf("%s %d: %dx%d", order, orientation, w, h)
			}
			for _, at := range []place{{}, {right: true}, {lower: true}, {true, true}} {
				x, y := w/8, h/8
				if at.right {
					x = w - 1 - x
				}
				if at.lower {
					y = h - 1 - y
				}
				if white := p.RGBAAt(x, y).R > 128; white != (at == want) {
					t.Errorf("%s %d: white is %v at %+v, want it at %+v", order, orientation, white, at, want)
				}
			}
		}
	}
}

// TestTransparent checks that transparent pixels become black.
func TestTransparent(t *testing.T) {
	p := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	p.SetNRGBA(0, 0, color.NRGBA{255, 255, 255, 0})
	p.SetNRGBA(1, 0, color.NRGBA{255, 255, 255, 128})
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	got, err := Decode(t.Context(), &b)
	if err != nil || got.RGBAAt(0, 0) != (color.RGBA{A: 255}) || got.RGBAAt(1, 0).R != 128 {
		t.Errorf("%v, %v: %v", got.RGBAAt(0, 0), got.RGBAAt(1, 0), err)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Decode(ctx, bytes.NewReader(corners(t, 1, "II"))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(corners(f, 6, "II"))
	f.Add(corners(f, 3, "MM"))
	f.Add([]byte(pngHead))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= HeadSize && Is(b[:HeadSize]) {
			_, _ = Decode(t.Context(), bytes.NewReader(b))
		}
	})
}
