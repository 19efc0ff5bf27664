package individual

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Other recorders may write numbers as floats or strings, null for missing values, and other types where the type does not matter. All that is
// accepted. A file without a needed value, or with one that is unusable, is left out; without any file, that is an error.

// parseManifest parses a manifest. A document without files is not a manifest.
func parseManifest(b []byte) (Manifest, error) {
	var d struct {
		ID, Name, SessionID text
		CreatedAt           json.RawMessage
		Files               *[]fileDocument
	}
	if err := json.Unmarshal(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), &d); err != nil {
		return Manifest{}, err
	}
	if d.Files == nil {
		return Manifest{}, errors.New("files is missing")
	}
	m := Manifest{ID: string(d.ID), Name: string(d.Name), SessionID: string(d.SessionID)}
	m.CreatedAt, _ = number(d.CreatedAt) // not required
	for i, f := range *d.Files {
		file, err := f.file()
		if err != nil {
			m.refused = append(m.refused, fmt.Errorf("files[%d]: %w", i, err))
			continue
		}
		file.place = i
		m.Files = append(m.Files, file)
	}
	return m, m.none()
}

type fileDocument struct {
	StreamID, Filename, ConnectionData, VideoType text
	Size, StartTimeOffset, StopTimeOffset         json.RawMessage
}

func (d fileDocument) file() (File, error) {
	f := File{StreamID: string(d.StreamID), Filename: string(d.Filename), ConnectionData: string(d.ConnectionData)}
	f.VideoType = string(d.VideoType)
	var err error
	if f.StartTimeOffset, err = number(d.StartTimeOffset); err != nil {
		return File{}, fmt.Errorf("startTimeOffset %w", err)
	}
	if f.StopTimeOffset, err = number(d.StopTimeOffset); err != nil {
		return File{}, fmt.Errorf("stopTimeOffset %w", err)
	}
	f.Size, _ = number(d.Size) // not required, because the ZIP has it
	return f, nil
}

// text is a string. Any other JSON value becomes its JSON text, and null becomes "".
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch err := json.Unmarshal(b, &s); {
	case err == nil:
		*t = text(s)
	case string(b) == "null":
		*t = ""
	default:
		*t = text(b)
	}
	return nil
}

// number parses a number and rounds it.
func number(b json.RawMessage) (int64, error) {
	if len(b) == 0 {
		return 0, errors.New("is missing")
	}
	var s text
	if err := s.UnmarshalJSON(b); err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(string(s)), 64)
	if err != nil || math.Abs(v) > 1<<53 || v != v {
		return 0, fmt.Errorf("%.40s is not a number of at most 2^53", b)
	}
	return int64(math.Round(v)), nil
}
