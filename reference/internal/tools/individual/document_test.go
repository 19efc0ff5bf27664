package individual

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
)

func packed(t *testing.T, method uint16, files ...string) *zip.Reader {
	t.Helper()
	b := zipped(t, method, files...)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func zipped(t *testing.T, method uint16, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		e, err := w.CreateHeader(&zip.FileHeader{Name: files[i], Method: method})
		if err == nil {
			_, err = e.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// document returns a manifest with one file that has these members.
func document(members string) string {
	return fmt.Sprintf(`{"id": "a", "files": [{%s}]}`, members)
}

const usualMembers = `"streamId": "s", "filename": "f.mkv", "startTimeOffset": 1000, "stopTimeOffset": 2000`

func TestManifests(t *testing.T) {
	usual := File{StreamID: "s", Filename: "f.mkv", StartTimeOffset: 1000, StopTimeOffset: 2000}
	with := func(change func(*File)) File {
		f := usual
		change(&f)
		return f
	}
	for name, tt := range map[string]struct {
		json string
		want File
	}{
		"usual":                {document(usualMembers + `, "videoType": "screen", "connectionData": "Zoë \"Z\"", "size": 7`), with(func(f *File) { f.VideoType, f.ConnectionData, f.Size = "screen", `Zoë "Z"`, 7 })},
		"nothing but numbers":  {document(`"streamId": 12, "filename": "f.mkv", "startTimeOffset": "1000", "stopTimeOffset": " 2e3 ", "size": "7"`), with(func(f *File) { f.StreamID, f.Size = "12", 7 })},
		"floats":               {document(`"streamId": "s", "filename": "f.mkv", "startTimeOffset": 999.7, "stopTimeOffset": 2.0004e3, "size": 7.5e0`), with(func(f *File) { f.Size = 8 })},
		"0.0":                  {document(`"streamId": "s", "filename": "f.mkv", "startTimeOffset": 0.0, "stopTimeOffset": 2000.0`), with(func(f *File) { f.StartTimeOffset = 0 })},
		"null":                 {document(usualMembers + `, "videoType": null, "connectionData": null, "size": null`), usual},
		"empty":                {document(usualMembers + `, "videoType": "", "connectionData": ""`), usual},
		"data that is no text": {document(usualMembers + `, "connectionData": {"name": "x"}`), with(func(f *File) { f.ConnectionData = `{"name": "x"}` })},
		"size that is none":    {document(usualMembers + `, "size": "unknown"`), usual},
		"begins before":        {document(`"streamId": "s", "filename": "f.mkv", "startTimeOffset": -20, "stopTimeOffset": 2000`), with(func(f *File) { f.StartTimeOffset = -20 })},
		"byte order mark":      {"\xef\xbb\xbf" + document(usualMembers), usual},
		"partnerId, a number":  {strings.Replace(document(usualMembers), "{", `{"partnerId": 123456, "createdAt": 1.4e12, `, 1), usual},
		"partnerId, a string":  {strings.Replace(document(usualMembers), "{", `{"partnerId": "abc", "createdAt": "1400000000000", "name": null, `, 1), usual},
		"partnerId, anything":  {strings.Replace(document(usualMembers), "{", `{"partnerId": {"a": [1]}, "createdAt": {}, `, 1), usual},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []uint16{zip.Store, zip.Deflate} {
				a, err := read(packed(t, method, "any name.JSON", tt.json, "f.mkv", "x"))
				if err != nil {
					t.Fatal(err)
				}
				if len(a.Files) != 1 || a.Files[0] != tt.want {
					t.Errorf("%+v, want %+v", a.Files, tt.want)
				}
			}
		})
	}
}

func TestManifestsThatAreNone(t *testing.T) {
	for want, json := range map[string]string{
		"startTimeOffset is missing":                            document(`"streamId": "s", "filename": "f.mkv", "stopTimeOffset": 2000`),
		`stopTimeOffset "soon" is not a number`:                 document(`"streamId": "s", "filename": "f.mkv", "startTimeOffset": 1, "stopTimeOffset": "soon"`),
		`startTimeOffset "NaN" is not a number`:                 document(`"streamId": "s", "filename": "f.mkv", "startTimeOffset": "NaN", "stopTimeOffset": 1`),
		"startTimeOffset 1e300 is not a number of at most 2^53": document(`"streamId": "s", "filename": "f.mkv", "startTimeOffset": 1e300, "stopTimeOffset": 1`),
		"files is missing":                                      `{"id": "a"}`,
		"cannot unmarshal array":                                `[]`,
		"files has 10001 entries, want at most ":                `{"files": [` + strings.TrimSuffix(strings.Repeat(`{`+usualMembers+`},`, maxFiles+1), ",") + `]}`,
	} {
		if _, err := read(packed(t, zip.Store, "m.json", json, "f.mkv", "x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestSeveralDocuments checks that the last manifest is used and other documents are ignored.
func TestSeveralDocuments(t *testing.T) {
	first, second := document(usualMembers), strings.Replace(document(usualMembers), `"a"`, `"b"`, 1)
	for _, files := range [][]string{
		{"a.json", first, "b.json", second, "c.json", `{"version": 1}`},
		{"c.json", `[1]`, "b.json", second, "f/x.json", first, "d.json", "no JSON"},
	} {
		a, err := read(packed(t, zip.Store, append(files, "f.mkv", "x")...))
		if err != nil || a.ID != "b" {
			t.Errorf("manifest %+v, %v", a, err)
		}
	}
}

// TestZIP64 reads a ZIP with all numbers in their long form.
func TestZIP64(t *testing.T) {
	var b, directory []byte
	le := binary.LittleEndian
	manifest := document(usualMembers)
	for _, f := range [][2]string{{"f.mkv", "x"}, {"m.json", manifest}} {
		name, content := f[0], f[1]
		at, size, sum := uint64(len(b)), uint64(len(content)), crc32.ChecksumIEEE([]byte(content))
		long := le.AppendUint64(le.AppendUint64([]byte{1, 0, 16, 0}, size), size)
		b = le.AppendUint32(append(b, "PK\x03\x04\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00"...), sum)
		b = append(b, "\xff\xff\xff\xff\xff\xff\xff\xff"...)
		b = le.AppendUint16(le.AppendUint16(b, uint16(len(name))), uint16(len(long)))
		b = append(append(append(b, name...), long...), content...)
		long = le.AppendUint64(long, at)
		long[2] = 24
		directory = le.AppendUint32(append(directory, "PK\x01\x02\x2d\x03\x2d\x00\x00\x00\x00\x00\x00\x00\x00\x00"...), sum)
		directory = append(directory, "\xff\xff\xff\xff\xff\xff\xff\xff"...)
		directory = le.AppendUint16(le.AppendUint16(directory, uint16(len(name))), uint16(len(long)))
		directory = append(directory, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"...)
		directory = append(append(directory, name...), long...)
	}
	begin := uint64(len(b))
	b = append(b, directory...)
	end := uint64(len(b))
	b = le.AppendUint64(append(b, "PK\x06\x06"...), 44)
	b = append(b, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, v := range []uint64{2, 2, uint64(len(directory)), begin} {
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint64(append(b, "PK\x06\x07\x00\x00\x00\x00"...), end)
	b = append(b, 1, 0, 0, 0)
	b = append(b, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := read(z); err != nil || len(a.Files) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}
