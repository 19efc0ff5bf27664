package matroska

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/Eyevinn/mp4ff/avc"

	"reelcheck/reference/internal/av"
)

// Numbers of the tracks in a written file.
const (
	VideoTrack = 1
	AudioTrack = 2
)

// Size that the header declares for the video, whatever the size of its frames (ARC-IND-13).
const declaredWidth, declaredHeight = 640, 480

// Elements of EBML (RFC 8794) and Matroska (RFC 9559).
const (
	idEBML               = 0x1A45DFA3
	idEBMLVersion        = 0x4286
	idEBMLReadVersion    = 0x42F7
	idEBMLMaxIDLength    = 0x42F2
	idEBMLMaxSizeLength  = 0x42F3
	idDocType            = 0x4282
	idDocTypeVersion     = 0x4287
	idDocTypeReadVersion = 0x4285
	idSegment            = 0x18538067
	idInfo               = 0x1549A966
	idTimestampScale     = 0x2AD7B1
	idDuration           = 0x4489
	idMuxingApp          = 0x4D80
	idWritingApp         = 0x5741
	idTracks             = 0x1654AE6B
	idTrackEntry         = 0xAE
	idTrackNumber        = 0xD7
	idTrackUID           = 0x73C5
	idTrackType          = 0x83
	idFlagLacing         = 0x9C
	idCodecID            = 0x86
	idCodecPrivate       = 0x63A2
	idSeekPreRoll        = 0x56BB
	idVideo              = 0xE0
	idPixelWidth         = 0xB0
	idPixelHeight        = 0xBA
	idAudio              = 0xE1
	idSamplingFrequency  = 0xB5
	idChannels           = 0x9F
	idCluster            = 0x1F43B675
	idTimestamp          = 0xE7
	idSimpleBlock        = 0xA3
	idTags               = 0x1254C367
	idTag                = 0x7373
	idTargets            = 0x63C0
	idSimpleTag          = 0x67C8
	idTagName            = 0x45A3
	idTagString          = 0x4487
)

// opusPreRoll is how much sound a decoder needs before the place to which it seeks (RFC 7845 section 4.6).
const opusPreRoll = 80 * time.Millisecond

// Names of tags that files of this recorder have.
const (
	ConnectionTag = "CONNECTION_ID" // the connection id of the stream's client
	CutTag        = "CUT"           // "1": the client's connection was lost here, or its codec changed; the stream may have another file
)

// Head describes a file to write.
type Head struct {
	WebM     bool     // the document type is WebM; otherwise Matroska
	Video    av.Codec // "" = no video
	Private  []byte   // CodecPrivate of the video track
	Channels int      // channels of the Opus track; 0 = no audio
	Duration time.Duration
	// Connection is the value of [ConnectionTag]; "" = no tag.
	Connection string
	Cut        bool  // whether the file has a [CutTag]
	Body       int64 // size of the clusters that follow, in bytes
}

// Bytes returns everything before the first cluster. Its length depends only on the tracks and the tags.
func (h Head) Bytes() []byte {
	docType := "matroska"
	if h.WebM {
		docType = "webm"
	}
	head := element(idEBML, uintElement(idEBMLVersion, 1), uintElement(idEBMLReadVersion, 1), uintElement(idEBMLMaxIDLength, 4),
		uintElement(idEBMLMaxSizeLength, 8), element(idDocType, []byte(docType)), uintElement(idDocTypeVersion, 4), uintElement(idDocTypeReadVersion, 2))
	inside := slices.Concat(h.info(), h.tracks(), h.tags())
	head = appendID(head, idSegment)
	head = appendSize(head, int64(len(inside))+h.Body)
	return append(head, inside...)
}

func (h Head) info() []byte {
	return element(idInfo, uintElement(idTimestampScale, uint64(time.Millisecond)), floatElement(idDuration, float64(h.Duration.Milliseconds())),
		element(idMuxingApp, []byte("Reelcheck")), element(idWritingApp, []byte("archived")))
}

func (h Head) tracks() []byte {
	var entries []byte
	if h.Video != "" {
		private := []byte(nil)
		if len(h.Private) > 0 {
			private = element(idCodecPrivate, h.Private)
		}
		entries = append(entries, element(idTrackEntry, trackHead(VideoTrack, 1), element(idCodecID, []byte(codecIDs[h.Video])), private,
			element(idVideo, uintElement(idPixelWidth, declaredWidth), uintElement(idPixelHeight, declaredHeight)))...)
	}
	if h.Channels > 0 {
		entries = append(entries, element(idTrackEntry, trackHead(AudioTrack, 2), element(idCodecID, []byte(codecIDs[av.Opus])),
			element(idCodecPrivate, opusHead(h.Channels)), uintElement(idSeekPreRoll, uint64(opusPreRoll)),
			element(idAudio, floatElement(idSamplingFrequency, float64(av.Opus.ClockRate())), uintElement(idChannels, uint64(h.Channels))))...)
	}
	return element(idTracks, entries)
}

func (h Head) tags() []byte {
	var list []byte
	add := func(name, value string) {
		list = append(list, element(idSimpleTag, element(idTagName, []byte(name)), element(idTagString, []byte(value)))...)
	}
	if h.Connection != "" {
		add(ConnectionTag, h.Connection)
	}
	if h.Cut {
		add(CutTag, "1")
	}
	if len(list) == 0 {
		return nil
	}
	return element(idTags, element(idTag, element(idTargets), list)) // without targets they apply to the whole file
}

func trackHead(number, kind uint64) []byte {
	b := append(uintElement(idTrackNumber, number), uintElement(idTrackUID, number)...)
	return append(append(b, uintElement(idTrackType, kind)...), uintElement(idFlagLacing, 0)...)
}

// opusHead returns the identification header of RFC 7845 section 5.1. Sound that was captured midway has nothing to skip.
func opusHead(channels int) []byte {
	b := append([]byte("OpusHead"), 1, byte(channels), 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(av.Opus.ClockRate()))
	return append(b, 0, 0, 0)
}

// AppendCluster appends the beginning of a cluster at t, in ms. size is the number of bytes of blocks that follow.
func AppendCluster(b []byte, t, size int64) []byte {
	const timestamp = 1 + 1 + 8
	b = appendID(b, idCluster)
	b = appendSize(b, timestamp+size)
	b = append(b, idTimestamp, 0x88)
	return binary.BigEndian.AppendUint64(b, uint64(t))
}

// AppendBlock appends a SimpleBlock. offset is its time in ms, counted from the time of its cluster.
func AppendBlock(b []byte, track byte, offset int16, key bool, data []byte) []byte {
	b = append(b, idSimpleBlock)
	b = appendSize(b, int64(len(data))+4)
	b = append(b, 0x80|track)
	b = binary.BigEndian.AppendUint16(b, uint16(offset))
	flags := byte(0)
	if key {
		flags = 0x80
	}
	return append(append(b, flags), data...)
}

// AVC converts an access unit from Annex B to the form of Matroska: each NAL unit after its length in four bytes.
func AVC(annexB []byte) []byte {
	out, _ := av.AppendLengthPrefixed(make([]byte, 0, len(annexB)+8), annexB, func([]byte) bool { return true })
	return out
}

// AVCPrivate returns the CodecPrivate for H.264. key is a key frame in Annex B form that begins with its parameter sets.
func AVCPrivate(key []byte) ([]byte, error) {
	var sps, pps [][]byte
	for nal := range av.NALs(key) {
		switch av.NALTypeOf(nal) {
		case av.NALSPS:
			sps = append(sps, nal)
		case av.NALPPS:
			pps = append(pps, nal)
		default:
		}
	}
	if len(sps) == 0 || len(pps) == 0 {
		return nil, fmt.Errorf("key frame without parameter sets")
	}
	record, err := avc.CreateAVCDecConfRec(sps, pps, true)
	if err != nil {
		return nil, fmt.Errorf("parameter sets: %w", err)
	}
	var b bytes.Buffer
	if err := record.Encode(&b); err != nil {
		return nil, fmt.Errorf("parameter sets: %w", err)
	}
	return b.Bytes(), nil
}

func element(id uint32, content ...[]byte) []byte {
	size := 0
	for _, c := range content {
		size += len(c)
	}
	b := appendSize(appendID(nil, id), int64(size))
	for _, c := range content {
		b = append(b, c...)
	}
	return b
}

func uintElement(id uint32, v uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, v)
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return element(id, b)
}

func floatElement(id uint32, v float64) []byte {
	return element(id, binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
}

// appendID appends an element id, which includes its length.
func appendID(b []byte, id uint32) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		if id>>shift != 0 {
			b = append(b, byte(id>>shift))
		}
	}
	return b
}

// appendSize appends an element size in eight bytes, so that the size of a file does not depend on its content.
func appendSize(b []byte, size int64) []byte {
	return binary.BigEndian.AppendUint64(b, 1<<56|uint64(size))
}
