package matroska

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
)

func endless(id uint32, content ...[]byte) []byte {
	return slices.Concat(identifier(id), []byte{0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, bytes.Join(content, nil))
}

func identifier(id uint32) []byte { return appendID(nil, id) }

func numbered(id uint32, n uint64) []byte { return element(id, binary.BigEndian.AppendUint64(nil, n)) }

func track(number, kind uint64, codec string, more ...[]byte) []byte {
	return element(idTrackEntry, append([][]byte{numbered(idTrackNumber, number), numbered(idTrackType, kind), element(idCodecID, []byte(codec))}, more...)...)
}

func simple(id uint32, track byte, ticks int16, flags byte, data ...byte) []byte {
	return element(id, []byte{0x80 | track, byte(ticks >> 8), byte(ticks), flags}, data)
}

// Ids of elements that are skipped.
const (
	idVoid        = 0xEC
	idCRC         = 0xBF
	idCues        = 0x1C53BB6B
	idAttachments = 0x1941A469
	idSeekHead    = 0x114D9B74
	idPrevSize    = 0xAB
	idReference   = 0xFB
	idLasting     = 0x9B
)

var (
	head  = element(idEBML, element(0x4282, []byte("webm")))
	opus  = track(2, typeAudio, "A_OPUS")
	vp8   = track(1, typeVideo, "V_VP8", element(0xE0, numbered(0xB0, 640), numbered(0xBA, 480)))
	clock = element(idInfo, numbered(idTimestampScale, 1000000))
	// packet is an Opus packet of 20 ms.
	packet = []byte{0x08, 1, 2, 3}
	void   = element(idVoid, make([]byte, 40))
	crc    = element(idCRC, []byte{1, 2, 3, 4})
)

func audioAt(ticks int16) []byte { return simple(idSimpleBlock, 2, ticks, 0x80, packet...) }

// TestForms reads the same three packets from files of every form.
func TestForms(t *testing.T) {
	tracks := element(idTracks, vp8, opus)
	blocks := slices.Concat(audioAt(0), audioAt(20), audioAt(40))
	cluster := func(content ...[]byte) []byte {
		return element(idCluster, append([][]byte{numbered(idTimestamp, 1000)}, content...)...)
	}
	attachment := element(idAttachments, make([]byte, maxElement+1))
	group := func(ticks int16) []byte {
		return element(idBlockGroup, crc, simple(idBlock, 2, ticks, 0, packet...), numbered(idLasting, 20), element(idReference, []byte{0xff}))
	}
	laced := func(flags byte, sizes ...byte) []byte {
		return element(idSimpleBlock, []byte{0x82, 0, 0, flags, 2}, sizes, packet, packet, packet)
	}
	for name, file := range map[string][]byte{
		"plain":                 element(idSegment, clock, tracks, cluster(blocks)),
		"unknown sizes":         endless(idSegment, clock, tracks, endless(idCluster, numbered(idTimestamp, 1000), audioAt(0)), endless(idCluster, numbered(idTimestamp, 1020), audioAt(0), audioAt(20))),
		"unknown, then cues":    endless(idSegment, clock, tracks, endless(idCluster, numbered(idTimestamp, 1000), blocks), element(idCues, void), element(idTags, void)),
		"everything before":     element(idSegment, element(idSeekHead, void), void, element(idTags, crc), element(idCues), attachment, clock, tracks, cluster(blocks)),
		"everything after":      element(idSegment, clock, tracks, cluster(blocks), element(idCues, void), attachment, element(idTags, crc), void),
		"in between":            element(idSegment, crc, clock, void, tracks, element(idCluster, crc, numbered(idTimestamp, 1000), void, numbered(idPrevSize, 7), audioAt(0), void, audioAt(20), audioAt(40))),
		"groups":                element(idSegment, clock, tracks, cluster(group(0), group(20), group(40))),
		"group of unknown size": element(idSegment, clock, tracks, cluster(endless(idBlockGroup, simple(idBlock, 2, 0, 0, packet...)), group(20), group(40))),
		"Xiph lacing":           element(idSegment, clock, tracks, cluster(laced(lacingXiph, 4, 4))),
		"EBML lacing":           element(idSegment, clock, tracks, cluster(laced(lacingEBML, 0x84, 0xbf))),
		"lacing of one size":    element(idSegment, clock, tracks, cluster(laced(lacingSame))),
		"unknown element":       element(idSegment, clock, element(0x1FFFFFF0, void), tracks, cluster(element(0x7FF0, void), blocks)),
		"other tracks":          element(idSegment, clock, element(idTracks, track(3, 0x11, "S_TEXT/UTF8"), opus, vp8), cluster(simple(idSimpleBlock, 3, 0, 0, 1), blocks)),
		"no scale":              element(idSegment, element(idInfo), tracks, cluster(blocks)),
		"another file appended": slices.Concat(element(idSegment, clock, tracks, cluster(blocks)), head, element(idSegment, clock, tracks, cluster(blocks))),
		"something appended":    slices.Concat(element(idSegment, clock, tracks, cluster(blocks)), make([]byte, 1000)),
		"sizes that are wrong":  element(idSegment, clock, tracks, slices.Concat(identifier(idCluster), []byte{0x81}, numbered(idTimestamp, 1000), blocks)),
		"stripped headers": element(idSegment, clock, element(idTracks, track(2, typeAudio, "A_OPUS", element(idContentEncodings, element(idContentEncoding,
			element(idContentCompression, numbered(idContentCompAlgo, headerStripping), element(idContentCompSetting, packet[:1])))))),
			cluster(simple(idSimpleBlock, 2, 0, 0, packet[1:]...), simple(idSimpleBlock, 2, 20, 0, packet[1:]...), simple(idSimpleBlock, 2, 40, 0, packet[1:]...))),
	} {
		t.Run(name, func(t *testing.T) {
			list, err := blocksOf(head, file)
			if err != nil || len(list) != 3 {
				t.Fatalf("%d blocks, %v", len(list), err)
			}
			for i, b := range list {
				want := time.Second + time.Duration(i)*20*time.Millisecond
				if b.Time != want || b.Track.Codec != av.Opus || !bytes.Equal(b.Data, packet) {
					t.Errorf("block %d: %v at %v: % x", i, b.Track.Codec, b.Time, b.Data)
				}
			}
		})
	}
}

func blocksOf(parts ...[]byte) ([]Block, error) { return blocks(bytes.Join(parts, nil)) }

func TestTimesGoBack(t *testing.T) {
	list, err := blocksOf(head, element(idSegment, clock, element(idTracks, opus),
		element(idCluster, numbered(idTimestamp, 500), audioAt(0), audioAt(-100), audioAt(20)), element(idCluster, numbered(idTimestamp, 100), audioAt(7))))
	var times []time.Duration
	for _, b := range list {
		times = append(times, b.Time/time.Millisecond)
	}
	if want := []time.Duration{500, 400, 520, 107}; err != nil || !slices.Equal(times, want) {
		t.Errorf("times %v, want %v; %v", times, want, err)
	}
}

// TestDamage checks that everything before the damage is read.
func TestDamage(t *testing.T) {
	begin := slices.Concat(head, element(idSegment)[:4], []byte{0xff}, clock, element(idTracks, opus), element(idCluster)[:4], []byte{0xff}, audioAt(0))
	for name, rest := range map[string][]byte{
		"zeros":          make([]byte, 500),
		"huge block":     slices.Concat(identifier(idSimpleBlock), []byte{0x0f, 0xff, 0xff, 0xff, 0x00}, make([]byte, 100)),
		"lacing":         simple(idSimpleBlock, 2, 0, lacingXiph, 200, 255),
		"EBML lacing":    simple(idSimpleBlock, 2, 0, lacingEBML, 3, 0x80, 0x80, 0x80),
		"empty block":    element(idSimpleBlock),
		"no size":        endless(idTags, void),
		"cut identifier": {0x1f, 0x43},
		"cut size":       {0xa3, 0x40},
	} {
		list, err := blocksOf(begin, rest)
		if len(list) != 1 || !errors.Is(err, ErrCut) {
			t.Errorf("%s: %d blocks, %v", name, len(list), err)
		}
	}
}

func TestUnfitTracks(t *testing.T) {
	encoded := func(content ...[]byte) []byte {
		return element(idContentEncodings, element(idContentEncoding, content...))
	}
	for want, tracks := range map[string][]byte{
		`codec "V_AV1" is not one of`:            element(idTracks, track(1, typeVideo, "V_AV1")),
		`codec "A_VORBIS\x00x" is not`:           element(idTracks, track(1, typeAudio, "A_VORBIS\x00x")),
		"track 1: it is neither video nor audio": element(idTracks, track(1, 0x11, "S_TEXT/UTF8")),
		"33 tracks, want 1 to 32":                element(idTracks, bytes.Repeat(opus, 33)),
		"no tracks":                              element(idVoid),
		"6 channels of Opus in 4 streams (channel mapping family 1) are not decoded": element(idTracks, track(2, typeAudio, "A_OPUS", surround)),
		"a track is encrypted":               element(idTracks, track(2, typeAudio, "A_OPUS", encoded(element(idContentEncryption)))),
		"a track is compressed by algorithm": element(idTracks, track(2, typeAudio, "A_OPUS", encoded(element(idContentCompression)))),
		"timestamp scale 0 is not":           slices.Concat(element(idInfo, numbered(idTimestampScale, 0)), element(idTracks, opus)),
		"ticks after the beginning":          slices.Concat(element(idTracks, opus), numbered(idTimestamp, 1<<63), audioAt(0)),
	} {
		if _, err := blocksOf(head, element(idSegment, tracks)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for _, tracks := range [][]byte{
		element(idTracks, track(1, typeVideo, "V_AV1"), vp8, opus),
		element(idTracks, track(1, typeVideo, "V_AV1"), opus),
		element(idTracks, track(3, 0x11, "S_TEXT/UTF8"), track(1, typeAudio, "A_OPUS", surround), opus),
	} {
		if list, err := blocksOf(head, element(idSegment, tracks, audioAt(0))); err != nil || len(list) != 1 {
			t.Errorf("tracks that are not read beside one that is: %d blocks, %v", len(list), err)
		}
	}
}

// surround is the OpusHead of a stream with six channels (RFC 7845 section 5.1).
var surround = element(idCodecPrivate, []byte("OpusHead\x01\x06\x38\x01\x80\xbb\x00\x00\x00\x00\x01\x04\x02\x00\x04\x01\x02\x03\x05"))

// TestOneStreamOfOpus checks that only tracks are read that a decoder for mono and stereo can decode.
func TestOneStreamOfOpus(t *testing.T) {
	for _, mapping := range []string{"\x01\x00", "\x02\x00", "\x01\x01\x01\x00\x00", "\x02\x01\x01\x01\x00\x01", ""} {
		private := "OpusHead"
		if mapping != "" {
			private += "\x01" + mapping[:1] + "\x38\x01\x80\xbb\x00\x00\x00\x00" + mapping[1:]
		}
		list, err := blocksOf(head, element(idSegment, element(idTracks, track(2, typeAudio, "A_OPUS", element(idCodecPrivate, []byte(private)))), audioAt(0)))
		if err != nil || len(list) != 1 {
			t.Errorf("%q: %d blocks, %v", private, len(list), err)
		}
	}
}

func TestSkippedTracksAreTold(t *testing.T) {
	var told []string
	file := slices.Concat(head, element(idSegment, element(idTracks, track(3, 0x11, "S_TEXT/UTF8"), track(7, typeAudio, "A_AAC"), opus, opus), audioAt(0)))
	err := ReadTold(bytes.NewReader(file), Told{Skipped: func(s Skipped) { told = append(told, fmt.Sprintf("%d: %v", s.Track, s.Reason)) }}, func(Block) error { return nil })
	want := []string{"3: it is neither video nor audio", `7: codec "A_AAC" is not one of V_VP8, V_VP9, V_MPEG4/ISO/AVC, A_OPUS`, "2: it is the second of its kind"}
	if err != nil || !slices.Equal(told, want) {
		t.Errorf("%q, %v", told, err)
	}
}

// NAL units of H.264. The slice begins with first_mb_in_slice 0 and slice_type 7, 5 or 6.
var (
	sps, pps  = []byte{0x67, 66, 0, 10, 1}, []byte{0x68, 0xce, 1}
	delimiter = []byte{0x09, 0xf0}
	idr       = append([]byte{0x65, 0x88}, bytes.Repeat([]byte{0x55}, 253)...) // its length is 255; 256 would look like a start code
	slice     = append([]byte{0x41, 0x9a}, bytes.Repeat([]byte{0x55}, 300)...) // its length begins with what looks like a start code
	sliceB    = []byte{0x01, 0x9e, 0x55}
)

func annexB(nals ...[]byte) (out []byte) {
	for _, n := range nals {
		out = av.AppendNAL(out, n)
	}
	return out
}

func withLengths(size int, nals ...[]byte) (out []byte) {
	for _, n := range nals {
		out = append(append(out, binary.BigEndian.AppendUint32(nil, uint32(len(n)))[4-size:]...), n...)
	}
	return out
}

func avcC(size int, sets bool) []byte {
	b := []byte{1, 66, 0, 10, 0xfc | byte(size-1), 0xe0, 0}
	if sets {
		b = slices.Concat(b[:5], []byte{0xe1, 0, byte(len(sps))}, sps, []byte{1, 0, byte(len(pps))}, pps)
	}
	return element(idCodecPrivate, b)
}

// TestH264Forms reads the same frames from every form of H.264.
func TestH264Forms(t *testing.T) {
	key := annexB(sps, pps, idr)
	for name, tt := range map[string]struct {
		private []byte
		frames  [][]byte
		want    [][]byte
	}{
		"Annex B, nothing private": {nil, [][]byte{annexB(sps, pps, idr), annexB(slice)}, [][]byte{key, annexB(slice)}},
		"Annex B, short codes":     {nil, [][]byte{slices.Concat([]byte{0, 0, 1}, sps, []byte{0, 0, 1}, pps, []byte{0, 0, 1}, idr)}, [][]byte{slices.Concat([]byte{0, 0, 1}, sps, []byte{0, 0, 1}, pps, []byte{0, 0, 1}, idr)}},
		"Annex B, private sets":    {element(idCodecPrivate, annexB(sps, pps)), [][]byte{annexB(idr), annexB(slice)}, [][]byte{key, annexB(slice)}},
		"Annex B, though avcC":     {avcC(4, true), [][]byte{annexB(idr), annexB(slice)}, [][]byte{key, annexB(slice)}},
		"avcC":                     {avcC(4, true), [][]byte{withLengths(4, idr), withLengths(4, slice)}, [][]byte{key, annexB(slice)}},
		"avcC, sets in band":       {avcC(4, false), [][]byte{withLengths(4, sps, pps, idr), withLengths(4, slice)}, [][]byte{key, annexB(slice)}},
		"lengths of two bytes":     {avcC(2, true), [][]byte{withLengths(2, idr), withLengths(2, slice)}, [][]byte{key, annexB(slice)}},
		"lengths, nothing private": {nil, [][]byte{withLengths(4, sps, pps, idr), withLengths(4, slice)}, [][]byte{key, annexB(slice)}},
		"sets once":                {nil, [][]byte{annexB(sps, pps, idr), annexB(slice), annexB(idr)}, [][]byte{key, annexB(slice), key}},
		"sets by themselves":       {nil, [][]byte{annexB(delimiter, sps, pps), annexB(idr), annexB(delimiter)}, [][]byte{key}},
	} {
		t.Run(name, func(t *testing.T) {
			file := [][]byte{head, endless(idSegment, clock, element(idTracks, track(1, typeVideo, "V_MPEG4/ISO/AVC", tt.private)), endless(idCluster))}
			for i, f := range tt.frames {
				file = append(file, simple(idSimpleBlock, 1, int16(i*40), 0, f...))
			}
			list, err := blocksOf(file...)
			if err != nil || len(list) != len(tt.want) {
				t.Fatalf("%d frames, %v", len(list), err)
			}
			for i, b := range list {
				if !bytes.Equal(b.Data, tt.want[i]) || b.Key == bytes.Equal(b.Data, annexB(slice)) || b.Reordered {
					t.Errorf("frame %d: key %v, reordered %v: % x", i, b.Key, b.Reordered, b.Data[:min(len(b.Data), 40)])
				}
			}
		})
	}
}

func TestBSlices(t *testing.T) {
	if !bidirectional(sliceB) || bidirectional(slice) || bidirectional(idr) || bidirectional([]byte{1}) {
		t.Error("slice types")
	}
	list, err := blocks(file(t, "-c:v", "libx264", "-bf", "2", "-g", "25", "-an", "-f", "matroska"))
	if err != nil {
		t.Fatal(err)
	}
	found, back := 0, 0
	for i, b := range list {
		if b.Reordered {
			found++
		}
		if i > 0 && b.Time < list[i-1].Time {
			back++
		}
	}
	if found == 0 || back == 0 || found == len(list) {
		t.Errorf("of %d frames %d have B slices, and %d go back", len(list), found, back)
	}
}
