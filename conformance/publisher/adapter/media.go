package adapter

import (
	"io"
	"os"
	"path/filepath"
	"sync"

	"reelcheck/conformance/publisher/wire"
	"reelcheck/fixtures"
)

// media writes fixtures to files for the adapter, each once.
type media struct {
	folder string

	mu   sync.Mutex
	made map[string]wire.Media
}

func (m *media) video(id string) (wire.Media, error) {
	return m.once(id, func(manifest fixtures.Manifest) (wire.Media, error) {
		v, err := manifest.Video(id)
		if err != nil {
			return wire.Media{}, err
		}
		w := wire.Media{Fixture: id, Codec: v.Codec, Width: v.Width, Height: v.Height, Rate: float64(v.FPS), Units: v.Count}
		if v.Codec == "H264" {
			w.File, err = m.annexB(v)
		} else {
			w.File, err = m.copied(v.File)
		}
		return w, err
	})
}

func (m *media) audio(id string) (wire.Media, error) {
	return m.once(id, func(manifest fixtures.Manifest) (wire.Media, error) {
		a, err := manifest.Tone(id)
		if err != nil {
			return wire.Media{}, err
		}
		file, err := m.copied(a.File)
		return wire.Media{Fixture: id, File: file, Codec: a.Codec, Rate: 1000 / float64(a.PacketMS), Units: a.Count}, err
	})
}

func (m *media) once(id string, write func(fixtures.Manifest) (wire.Media, error)) (wire.Media, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w, ok := m.made[id]; ok {
		return w, nil
	}
	manifest, err := fixtures.Load()
	if err != nil {
		return wire.Media{}, err
	}
	if err := os.MkdirAll(m.folder, 0o755); err != nil {
		return wire.Media{}, err
	}
	w, err := write(manifest)
	if err != nil {
		return w, err
	}
	if m.made == nil {
		m.made = map[string]wire.Media{}
	}
	m.made[id] = w
	return w, nil
}

func (m *media) copied(name string) (string, error) {
	f, err := fixtures.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(f)
	if err != nil {
		return "", err
	}
	path := filepath.Join(m.folder, name)
	return path, os.WriteFile(path, b, 0o644)
}

// annexB writes the access units of a video one after the other.
func (m *media) annexB(v fixtures.Video) (string, error) {
	frames, err := v.Frames()
	if err != nil {
		return "", err
	}
	var b []byte
	for _, f := range frames {
		b = append(b, f.Data...)
	}
	path := filepath.Join(m.folder, v.ID+".h264")
	return path, os.WriteFile(path, b, 0o644)
}
