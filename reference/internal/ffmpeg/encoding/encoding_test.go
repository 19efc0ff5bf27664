package encoding

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"
)

var jobs = map[string]Job{
	"both": {
		Width: 640, Height: 480, FrameRate: 25, Video: []string{"preset=veryfast", "x264-params=aud=1:bframes=0"},
		Samples: 1920, SampleRate: 48000, AACFrame: 1024, Audio: []string{"b=128000", "flags=+bitexact"},
	},
	"pictures": {Width: 16, Height: 16, FrameRate: 25, Video: []string{"qp=0"}},
	"sound":    {FrameRate: 25, Samples: 1920, SampleRate: 48000, AACFrame: 1024},
}

func TestJob(t *testing.T) {
	for name, j := range jobs {
		if got, err := ParseJob(j.Args()); err != nil || !reflect.DeepEqual(got, j) {
			t.Errorf("%s became %+v, %v", name, got, err)
		}
	}
	for _, args := range [][]string{
		nil, {"-rate=25"}, {"-rate=0", "-video=libx264 16x16"}, {"-rate=25", "-video=libx264 17x16"}, {"-rate=25", "-video=libx264 16x99999"},
		{"-rate=25", "-audio=aac 0/1024/48000"}, {"-rate=25", "-audio=aac 1920/-1/48000"}, {"-rate=25", "-video=libx264 16x16", "-v=preset"}, {"-x"},
	} {
		if j, err := ParseJob(args); err == nil {
			t.Errorf("%q became %+v", args, j)
		}
	}
}

// TestMemory checks that no byte belongs to two frames, or to a picture and to sound.
func TestMemory(t *testing.T) {
	for name, j := range jobs {
		l := j.Memory()
		memory := make([]byte, 3*l.Size())
		for n := range 3 {
			picture, sound := l.Slot(memory, n)
			if len(picture) != j.Width*j.Height*3/2 || len(sound) != j.Samples {
				t.Errorf("%s: a picture of %d bytes, %d samples", name, len(picture), len(sound))
			}
			for i := range picture {
				picture[i]++
			}
			for i := range sound {
				if sound[i] != 0 {
					t.Fatalf("%s: sample %d of slot %d is another's", name, i, n)
				}
				sound[i] = 1
			}
		}
		for n := range 3 {
			picture, _ := l.Slot(memory, n)
			if i := slices.IndexFunc(picture, func(b byte) bool { return b != 1 }); i >= 0 {
				t.Errorf("%s: byte %d of slot %d is another's", name, i, n)
			}
		}
	}
}

var messages = []Message{{Ready, []byte{}}, {Back, []byte{7}}, {Video, bytes.Repeat([]byte{1, 2, 3}, 50000)}, {Audio, []byte{9}}}

func wire(t testing.TB) []byte {
	var b bytes.Buffer
	for _, m := range messages {
		if err := m.Write(&b); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func buffer(_ Kind, n int) []byte { return make([]byte, n) }

func TestMessages(t *testing.T) {
	b := wire(t)
	r := bufio.NewReader(bytes.NewReader(b))
	for i, want := range messages {
		if got, err := ReadMessage(r, buffer); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("message %d: kind %d, %d bytes, %v", i, got.Kind, len(got.Data), err)
		}
	}
	if _, err := ReadMessage(r, buffer); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for _, n := range []int{3, len(b) - 1, len(b) - 4} {
		r, err := bufio.NewReader(bytes.NewReader(b[:n])), error(nil)
		for err == nil {
			_, err = ReadMessage(r, buffer)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	for _, b := range []string{"\x00\x00\x00\x00\x00", "\x05\x00\x00\x00\x00", "\x03\xff\xff\xff\xff"} {
		if m, err := ReadMessage(bufio.NewReader(bytes.NewReader([]byte(b))), buffer); err == nil {
			t.Errorf("% x is message %d", b, m.Kind)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add(wire(f)[:100])
	f.Add([]byte("\x03\xff\xff\xff\x00x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, again := bufio.NewReader(bytes.NewReader(b)), bytes.Buffer{}
		for {
			m, err := ReadMessage(r, buffer)
			if err != nil {
				break
			}
			if err := m.Write(&again); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(b, again.Bytes()) {
			t.Errorf("% x was read as % x", b, again.Bytes())
		}
	})
}
