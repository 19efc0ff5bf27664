//go:build linux && (amd64 || arm64)

// Program archived-decoder decodes one video stream for archived with FFmpeg's libraries. It leaves the scaled pictures
// in shared memory; see package decoding. If damaged video crashes it, nothing else crashes with it.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"reelcheck/reference/internal/ffmpeg/decoding"
	"reelcheck/reference/internal/ffmpeg/libav"
	"reelcheck/reference/internal/ffmpeg/worker"
)

func main() { os.Exit(worker.Run(run)) }

// decoders names FFmpeg's decoders by the codec in the IVF header.
var decoders = map[string]string{"VP80": "vp8", "VP90": "vp9", "H264": "h264"}

func run(library *libav.Library, args []string) error {
	if _, err := os.Stdout.Write(decoding.Ready.Append(nil)); err != nil {
		return err
	}
	layout, err := size(args)
	if err != nil {
		return err
	}
	memory, err := unix.Mmap(decoding.MemoryFile, 0, decoding.Slots*layout.Size(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("shared memory: %w", err)
	}
	in := bufio.NewReaderSize(os.Stdin, 256<<10)
	frames, err := decoding.NewFrames(in)
	if err != nil {
		return err
	}
	decoder, err := library.NewDecoder(decoders[frames.FourCC], decoding.MaxPixels)
	if err != nil {
		return fmt.Errorf("codec %q: %w", frames.FourCC, err)
	}
	defer decoder.Close()
	scaler := library.NewScaler(layout.Width, layout.Height, layout.Strides)
	defer scaler.Close()
	w := &output{
		layout: layout, memory: memory, scaler: scaler, slots: os.NewFile(decoding.SlotsFile, "slots"), notices: os.Stdout,
		free: make([]byte, 0, decoding.Slots),
	}
	for {
		if in.Buffered() == 0 {
			if err := w.tell(); err != nil {
				return err
			}
		}
		switch tick, data, err := frames.Next(); {
		case errors.Is(err, io.EOF):
			return errors.Join(decoder.Drain(w.show), w.tell())
		case err != nil:
			return err
		default:
			if err := decoder.Decode(tick, data, w.show); err != nil {
				return err
			}
		}
	}
}

func size(args []string) (l decoding.Raster, err error) {
	if len(args) != 2 {
		return l, errors.New("want two arguments, width and height; this program is started by archived")
	}
	width, wide := strconv.Atoi(args[0])
	height, high := strconv.Atoi(args[1])
	const most = 1 << 14
	if err := errors.Join(wide, high); err != nil || min(width, height) < 2 || max(width, height) > most || (width|height)&1 != 0 {
		return l, fmt.Errorf("width and height must be even, 2 to %d", most)
	}
	return decoding.Padded(width, height), nil
}

// output passes pictures to the server.
type output struct {
	layout  decoding.Raster
	memory  []byte
	scaler  *libav.Scaler
	slots   io.Reader
	notices io.Writer
	free    []byte // numbers of free slots, the one used last at the end
	said    []byte // encoded notices to be sent
}

// tell sends the notices. Sending several at once wakes the server only once.
func (w *output) tell() error {
	_, err := w.notices.Write(w.said)
	w.said = w.said[:0]
	return err
}

// show scales a picture into a free slot, for which it may wait. The notice is sent when the program is about to wait.
func (w *output) show(p libav.Picture) error {
	if !decoding.Shown(p.Time()) {
		return nil
	}
	if len(w.free) == 0 {
		if err := w.tell(); err != nil {
			return err
		}
		n, err := w.slots.Read(w.free[:cap(w.free)])
		if n == 0 {
			return fmt.Errorf("waiting for a free slot: %w", err)
		}
		w.free = w.free[:n]
	}
	slot := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	if err := w.scaler.Scale(p, w.layout.Planes(w.layout.Slot(w.memory, int(slot)))); err != nil {
		return err
	}
	w.said = decoding.Notice{Tick: p.Time(), Slot: slot}.Append(w.said)
	return nil
}
