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

// The manifest is read as other recorders may write it: numbers as floats or strings, null for what there is not, values of another type
// where their type does not matter. What is needed and cannot be told is an error.

// parseManifest reads a manifest. A document without files is none.
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
	m.CreatedAt, _ = number(d.CreatedAt) // is not needed
	for i, f := range *d.Files {
		file, err := f.file()
		if err != nil {
			return Manifest{}, fmt.Errorf("files[%d]: %w", i, err)
		}
		m.Files = append(m.Files, file)
	}
	return m, nil
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
	f.Size, _ = number(d.Size) // the ZIP knows it
	return f, nil
}

// text is a string, or anything else as it is written; "" for null.
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

// number reads a number, to the nearest integer.
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
