package render

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/tools/individual"
	"reelcheck/reference/internal/tools/outfile"
)

const (
	wavHead     = 44
	sampleSize  = 2
	longestWAV  = (math.MaxUint32 - wavHead) / sampleSize // in samples: its sizes have 32 bits
	formatPCM   = 1
	samplesEach = av.SampleRate // samples of a voice in memory: a second
)

// sounds makes a WAV file for every stream that is heard: mono, beginning with the film and as long as the film. It does
// not write silence, which takes no room where the file system allows that.
type sounds struct {
	dir    string
	names  map[string]string // stream ids by stream ids of the journal; nil means they are equal
	list   []*voice
	by     map[string]*voice
	second int64 // second of the film that is in memory
}

// voice is the sound of one stream.
type voice struct {
	path, stream string
	samples      []float32 // nil means silence
}

// heard implements [compose.Options.Voice].
func (s *sounds) heard(stream string, frame int64, samples []float32) error {
	if (frame+1)*av.BlockSamples > longestWAV {
		return errors.New("the film is longer than a WAV file can be, 12 hours; without --sounds it can be made")
	}
	if now := frame / av.FrameRate; now != s.second {
		if err := s.flush(); err != nil {
			return err
		}
		s.second = now
	}
	if name, known := s.names[stream]; known {
		stream = name
	}
	v := s.by[stream]
	if v == nil {
		v = &voice{stream: stream, path: filepath.Join(s.dir, fmt.Sprintf("sound-%d", len(s.list)))}
		s.by[stream], s.list = v, append(s.list, v)
	}
	if v.samples == nil {
		v.samples = make([]float32, samplesEach)
	}
	at := frame % av.FrameRate * av.BlockSamples
	for i, x := range samples { // several files of a stream may be heard at once
		v.samples[int(at)+i] += x
	}
	return nil
}

// flush writes the voices that are in memory.
func (s *sounds) flush() error {
	for _, v := range s.list {
		if v.samples == nil {
			continue
		}
		b := make([]byte, 0, sampleSize*len(v.samples))
		for _, x := range v.samples {
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(float64(min(max(x, -1), 1))*math.MaxInt16))))
		}
		v.samples = nil
		if err := v.write(func(f *os.File) error {
			_, err := f.WriteAt(b, wavHead+s.second*int64(len(b)))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// write opens the file only for the call: there may be more streams than a process may have open files.
func (v *voice) write(change func(*os.File) error) error {
	f, err := os.OpenFile(v.path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(change(f), f.Close())
}

// complete gives all files a head and their length. frames is the length of the film.
func (s *sounds) complete(frames int64) error {
	if err := s.flush(); err != nil {
		return err
	}
	length := frames * av.BlockSamples * sampleSize
	head := []byte("RIFF")
	head = binary.LittleEndian.AppendUint32(head, uint32(wavHead-8+length))
	head = append(head, "WAVEfmt "...)
	head = binary.LittleEndian.AppendUint32(head, 16)
	head = binary.LittleEndian.AppendUint16(head, formatPCM)
	head = binary.LittleEndian.AppendUint16(head, 1) // one channel
	head = binary.LittleEndian.AppendUint32(head, av.SampleRate)
	head = binary.LittleEndian.AppendUint32(head, av.SampleRate*sampleSize)
	head = binary.LittleEndian.AppendUint16(head, sampleSize)
	head = binary.LittleEndian.AppendUint16(head, 8*sampleSize)
	head = binary.LittleEndian.AppendUint32(append(head, "data"...), uint32(length))
	for _, v := range s.list {
		if err := v.write(func(f *os.File) error {
			_, err := f.WriteAt(head, 0)
			return errors.Join(err, f.Truncate(wavHead+length), f.Sync())
		}); err != nil {
			return err
		}
	}
	return nil
}

// named returns the names of the files: that of the film, with a number in the order in which they are first heard, and
// the stream.
func (s *sounds) named(out string, overwrite bool) (names []string, err error) {
	base := strings.TrimSuffix(out, filepath.Ext(out))
	for i, v := range s.list {
		name := fmt.Sprintf("%s-%d-%s.wav", base, i+1, individual.Plain(v.stream))
		if err := outfile.Check(name, overwrite); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// place moves the files to their names, all in one directory.
func (s *sounds) place(names []string) error {
	for i, v := range s.list {
		if err := os.Rename(v.path, names[i]); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return nil
	}
	return durable.Sync(filepath.Dir(names[0]))
}
