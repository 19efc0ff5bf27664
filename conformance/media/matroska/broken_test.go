package matroska

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"reelcheck/conformance/media/coded"
)

// TestTruncatedAtEveryByte cuts a file at every byte. What comes before must be read, and the report must say where the
// file ends.
func TestTruncatedAtEveryByte(t *testing.T) {
	t.Parallel()
	file := whole()
	full := Read(bytes.NewReader(file))
	if len(full.Findings) > 0 || len(full.Tracks) != 2 || len(full.Tracks[0].Frames) != 2 || len(full.Tracks[1].Frames) != 3 {
		t.Fatalf("%+v", full)
	}
	for n := range file {
		r := Read(bytes.NewReader(file[:n]))
		if r.Size != int64(n) {
			t.Errorf("%d bytes of %d read", r.Size, n)
		}
		switch {
		case n < len(Magic):
			if !r.Has(NotMatroska) {
				t.Errorf("%d bytes: %v", n, r.Findings)
			}
		case n == len(head("webm")):
			if !r.Has(Missing) { // a header and nothing else
				t.Errorf("%d bytes: %v", n, r.Findings)
			}
		case !r.Has(Truncated):
			t.Errorf("%d bytes of %d: %v", n, len(file), r.Findings)
		}
		for _, f := range r.Findings {
			if f.Offset > int64(n) {
				t.Errorf("%d bytes: %v", n, f)
			}
		}
		for i, track := range r.Tracks {
			if !slices.Equal(track.Frames, full.Tracks[i].Frames[:len(track.Frames)]) {
				t.Errorf("%d bytes: frames %v", n, track.Frames)
			}
		}
	}
	cut := bytes.LastIndex(file, celt(3)) + 1 // within the last frame
	if r := Read(bytes.NewReader(file[:cut])); len(r.Findings) != 1 || r.Findings[0].Kind != Truncated || len(r.Tracks[0].Frames) != 2 || len(r.Tracks[1].Frames) != 1 {
		t.Errorf("cut in the last block: %v, %d and %d frames", r.Findings, len(r.Tracks[0].Frames), len(r.Tracks[1].Frames))
	}
}

// TestTheEndOfAnOpenSegmentIsNoDamage has a segment of unknown size. It ends with the file, between two elements.
func TestTheEndOfAnOpenSegmentIsNoDamage(t *testing.T) {
	t.Parallel()
	file := slices.Concat(head("webm"), open(idSegment, info(), el(idTracks, videoTrack(1, "V_VP8", nil)),
		open(idCluster, num(idTimestamp, 0), simple(1, 0, 0x80, vp8Key(640, 480)...))))
	if r := Read(bytes.NewReader(file)); len(r.Findings) > 0 || len(r.Tracks[0].Frames) != 1 {
		t.Errorf("%+v", r)
	}
	if r := Read(bytes.NewReader(file[:len(file)-1])); len(r.Findings) != 1 || r.Findings[0].Kind != Truncated {
		t.Errorf("%v", r.Findings)
	}
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	frame := simple(1, 0, 0x80, vp8Key(640, 480)...)
	cluster := el(idCluster, num(idTimestamp, 0), frame)
	tracks := el(idTracks, videoTrack(1, "V_VP8", nil))
	in := func(parts ...[]byte) []byte { return slices.Concat(head("webm"), el(idSegment, parts...)) }
	avc := videoTrack(1, "V_MPEG4/ISO/AVC", []byte{1, 66, 0, 31, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68})
	for name, c := range map[string]struct {
		file   []byte
		want   Kind
		frames int // that are read in spite of it
	}{
		"nothing":                 {nil, NotMatroska, 0},
		"a ZIP":                   {[]byte("PK\x03\x04 and so on"), NotMatroska, 0},
		"an MP4":                  {[]byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00"), NotMatroska, 0},
		"no segment":              {head("webm"), Missing, 0},
		"no tracks":               {in(info()), Missing, 0},
		"two infos":               {in(info(), info(), tracks, cluster), Twice, 1},
		"two tracks of a number":  {in(el(idTracks, videoTrack(1, "V_VP8", nil), videoTrack(1, "V_VP9", nil)), cluster), Twice, 1},
		"a track without number":  {in(el(idTracks, videoTrack(0, "V_VP8", nil), videoTrack(1, "V_VP8", nil)), cluster), Missing, 1},
		"an undeclared track":     {in(tracks, el(idCluster, num(idTimestamp, 0), simple(5, 0, 0x80, 1), frame)), UnknownTrack, 1},
		"no timestamp":            {in(tracks, el(idCluster, frame)), Missing, 1},
		"a timestamp of 9 bytes":  {in(tracks, el(idCluster, el(idTimestamp, make([]byte, 9)), frame)), Broken, 1},
		"a timestamp far away":    {in(tracks, el(idCluster, num(idTimestamp, 1<<63), frame), cluster), Broken, 1},
		"an empty block":          {in(tracks, el(idCluster, num(idTimestamp, 0), el(idSimpleBlock), frame)), Broken, 1},
		"an empty frame":          {in(tracks, el(idCluster, num(idTimestamp, 0), simple(1, 0, 0x80), frame)), BadFrame, 2},
		"a frame of another kind": {in(tracks, el(idCluster, num(idTimestamp, 0), simple(1, 0, 0x80, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7), frame)), BadFrame, 2},
		"a group without a block": {in(tracks, el(idCluster, num(idTimestamp, 0), el(idBlockGroup, num(0x9b, 1)), frame)), Missing, 1},
		"lacing without frames":   {in(tracks, el(idCluster, num(idTimestamp, 0), simple(1, 0, 1<<1), frame)), Broken, 1},
		"lacing with cut sizes":   {in(tracks, el(idCluster, num(idTimestamp, 0), simple(1, 0, 1<<1, 3, 255, 255), frame)), Broken, 1},
		"lacing that overruns":    {in(tracks, el(idCluster, num(idTimestamp, 0), simple(1, 0, 1<<1, 1, 9, 1), frame)), Broken, 1},
		"uneven fixed lacing":     {in(tracks, el(idCluster, num(idTimestamp, 0), simple(1, 0, 2<<1, 1, 9, 1, 1), frame)), Broken, 1},
		"negative EBML lacing":    {in(tracks, el(idCluster, num(idTimestamp, 0), simple(1, 0, 3<<1, 2, 0x81, 0x80, 1, 1), frame)), Broken, 1},
		"an element too large":    {in(tracks, el(idCluster, num(idTimestamp, 0), frame, append(idBytes(idSimpleBlock), size(200)...)), cluster), Overrun, 2},
		"an ID of zeros":          {in(tracks, el(idCluster, num(idTimestamp, 0), frame, []byte{0, 0, 0, 0}), cluster), Broken, 2},
		"tracks of unknown size":  {in(open(idTracks, videoTrack(1, "V_VP8", nil))), Broken, 0},
		"compressed frames":       {in(el(idTracks, el(idTrackEntry, num(idTrackNumber, 1), text(idCodecID, "V_VP8"), el(idContentEncodings))), cluster), Unsupported, 1},
		"an encrypted block":      {in(tracks, el(idCluster, num(idTimestamp, 0), el(idEncryptedBlock, []byte{1}), frame)), Unsupported, 1},
		"an AVC head cut short":   {in(el(idTracks, videoTrack(1, "V_MPEG4/ISO/AVC", []byte{1, 2}))), Broken, 0},
		"a NAL unit cut short":    {in(el(idTracks, avc), el(idCluster, num(idTimestamp, 0), simple(1, 0, 0x80, 0, 0, 9, 9, 0x65))), BadFrame, 1},
		"a head of its own later": {slices.Concat(head("webm"), open(idSegment, tracks, cluster), head("webm")), Twice, 1},
		"a CodecPrivate too long": {in(el(idTracks, el(idTrackEntry, num(idTrackNumber, 1), text(idCodecID, "V_VP8"), el(idCodecPrivate, make([]byte, maxValue+1)))), cluster), Limit, 1},
		"the end of a segment":    {slices.Concat(head("webm"), append(idBytes(idSegment), size(5000)...), tracks, cluster), Truncated, 1},
	} {
		r := Read(bytes.NewReader(c.file))
		frames := 0
		if len(r.Tracks) > 0 {
			frames = len(r.Tracks[0].Frames)
		}
		if !r.Has(c.want) || frames != c.frames {
			t.Errorf("%s: findings %v and %d frames, want %s and %d", name, r.Findings, frames, c.want, c.frames)
		}
	}
}

// TestHostileFilesCostLittle checks that sizes that a file claims cost no memory.
func TestHostileFilesCostLittle(t *testing.T) {
	huge := []byte{0x08, 0x00, 0x00, 0x00, 0x00} // a size of 2 GiB and more, in five bytes
	tracks := el(idTracks, videoTrack(1, "V_VP8", nil))
	var many, nested [][]byte
	for i := range 2 * maxFindings {
		many = append(many, simple(9, int16(i), 0, 1))
	}
	for i := range 4 * maxTracks {
		nested = append(nested, videoTrack(uint64(i+1), "V_VP8", nil))
	}
	for name, file := range map[string][]byte{
		"a block of gigabytes": slices.Concat(head("webm"), open(idSegment, tracks, open(idCluster, append(idBytes(idSimpleBlock), huge...)))),
		"a block of 16 MiB that is not there": slices.Concat(head("webm"), open(idSegment, tracks, open(idCluster,
			append(idBytes(idSimpleBlock), 0x10, 0xff, 0xff, 0xff)))),
		"as many tracks as fit": slices.Concat(head("webm"), open(idSegment, el(idTracks, nested...))),
		"findings without end":  slices.Concat(head("webm"), open(idSegment, tracks, el(idCluster, many...))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := Read(bytes.NewReader(file))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, used, len(file))
		}
		if len(r.Findings) == 0 || len(r.Findings) > maxFindings+1 || len(r.Tracks) > maxTracks {
			t.Errorf("%s: %d findings, %d tracks", name, len(r.Findings), len(r.Tracks))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(whole())
	f.Add(slices.Concat(head("webm"), open(idSegment, info(), el(idTracks, videoTrack(1, "V_VP9", nil), audioTrack(2)),
		open(idCluster, num(idTimestamp, 9), simple(1, -1, 0x80, 0x82, 0x49, 0x83, 0x42, 0, 0x27, 0xf0), simple(2, 0, 3<<1|0x80, 1, 0x82, 1, 2, 3, 4)))))
	f.Add(slices.Concat(head("matroska"), el(idSegment, el(idTracks, videoTrack(1, "V_MPEG4/ISO/AVC", []byte{1, 66, 0, 31, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68})),
		el(idCluster, num(idTimestamp, 9), simple(1, 0, 0x80, 0, 0, 0, 2, 0x65, 1), simple(1, 0, 0x80, 0, 0, 0, 1, 0x65, 1)))))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := Read(bytes.NewReader(b))
		if r.Size > int64(len(b)) || len(r.Findings) > maxFindings+1 || len(r.Tracks) > maxTracks {
			t.Errorf("%d bytes read of %d, %d findings, %d tracks", r.Size, len(b), len(r.Findings), len(r.Tracks))
		}
		bytesOf := 0
		for _, track := range r.Tracks {
			for _, f := range track.Frames {
				bytesOf += f.Bytes
				if len(f.Sum) != len(coded.Sum("", nil)) {
					t.Errorf("sum %q", f.Sum)
				}
			}
		}
		if bytesOf > len(b) {
			t.Errorf("frames of %d bytes in a file of %d", bytesOf, len(b))
		}
	})
}
