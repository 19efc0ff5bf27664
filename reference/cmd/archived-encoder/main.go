//go:build linux && (amd64 || arm64)

// Program archived-encoder encodes a composition for archived with FFmpeg's libraries. It takes pictures and sound from
// shared memory; see package encoding.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"reelcheck/reference/internal/ffmpeg/encoding"
	"reelcheck/reference/internal/ffmpeg/libav"
	"reelcheck/reference/internal/ffmpeg/worker"
)

func main() { os.Exit(worker.Run(run)) }

// encoders holds the open encoders and the frames they read.
type encoders struct {
	out      *bufio.Writer
	pictures []*libav.Frame
	sounds   [][]float32
	video    *libav.Encoder
	audio    *sound
	frames   int64 // number of frames so far
}

func run(library *libav.Library, args []string) error {
	job, err := encoding.ParseJob(args)
	if err != nil {
		return err
	}
	w := &encoders{out: bufio.NewWriterSize(os.Stdout, 1<<20)}
	if err := w.open(library, job); err != nil {
		return err
	}
	if err := errors.Join(encoding.Message{Kind: encoding.Ready}.Write(w.out), w.out.Flush()); err != nil {
		return err
	}
	var slots [encoding.Batch]byte
	for {
		n, err := os.Stdin.Read(slots[:])
		for _, slot := range slots[:n] {
			if err := w.frame(slot); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return w.end()
		case err != nil:
			return err
		}
		if err := w.out.Flush(); err != nil {
			return err
		}
	}
}

// open opens the encoders and finds the frames in the memory.
func (w *encoders) open(library *libav.Library, job encoding.Job) (err error) {
	layout := job.Memory()
	memory, err := unix.Mmap(encoding.MemoryFile, 0, encoding.Slots*layout.Size(), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("shared memory: %w", err)
	}
	for n := range encoding.Slots {
		pixels, samples := layout.Slot(memory, n)
		w.sounds = append(w.sounds, samples)
		if job.Width == 0 {
			continue
		}
		p, err := library.NewPicture(job.Width, job.Height, layout.Picture.Strides, pixels)
		if err != nil {
			return err
		}
		w.pictures = append(w.pictures, p)
	}
	if job.Width > 0 {
		if w.video, err = library.NewVideoEncoder("libx264", job.Width, job.Height, job.FrameRate, options(job.Video)); err != nil {
			return err
		}
	}
	if job.Samples > 0 {
		w.audio, err = newSound(library, job, w.sender(encoding.Audio))
	}
	return err
}

func options(list []string) (options []libav.Option) {
	for _, o := range list {
		name, value, _ := strings.Cut(o, "=")
		options = append(options, libav.Option{Name: name, Value: value})
	}
	return options
}

// sender returns a function that sends what an encoder returns.
func (w *encoders) sender(kind encoding.Kind) func([]byte) error {
	return func(b []byte) error { return encoding.Message{Kind: kind, Data: b}.Write(w.out) }
}

// frame encodes the frame in a slot and gives the slot back.
func (w *encoders) frame(slot byte) error {
	if int(slot) >= encoding.Slots {
		return fmt.Errorf("there is no slot %d", slot)
	}
	if w.video != nil {
		if err := w.video.Encode(w.pictures[slot], w.frames, w.sender(encoding.Video)); err != nil {
			return err
		}
	}
	w.frames++
	if w.audio != nil {
		if err := w.audio.add(w.sounds[slot]); err != nil {
			return err
		}
	}
	return encoding.Message{Kind: encoding.Back, Data: []byte{slot}}.Write(w.out)
}

// end encodes what the encoders still hold.
func (w *encoders) end() error {
	if w.video != nil {
		if err := w.video.Drain(w.sender(encoding.Video)); err != nil {
			return err
		}
	}
	if w.audio != nil {
		if err := w.audio.end(); err != nil {
			return err
		}
	}
	return w.out.Flush()
}
