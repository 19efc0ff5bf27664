package matroska

// IDs of elements (RFC 8794 section 11.2, RFC 9559 section 5.1).
const (
	idEBML               = 0x1A45DFA3
	idDocType            = 0x4282
	idDocTypeVersion     = 0x4287
	idDocTypeReadVersion = 0x4285
	idVoid               = 0xEC
	idCRC32              = 0xBF
	idSegment            = 0x18538067
	idSeekHead           = 0x114D9B74
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
	idDefaultDuration    = 0x23E383
	idCodecID            = 0x86
	idCodecPrivate       = 0x63A2
	idCodecDelay         = 0x56AA
	idSeekPreRoll        = 0x56BB
	idVideo              = 0xE0
	idPixelWidth         = 0xB0
	idPixelHeight        = 0xBA
	idAudio              = 0xE1
	idSamplingFrequency  = 0xB5
	idChannels           = 0x9F
	idContentEncodings   = 0x6D80
	idCluster            = 0x1F43B675
	idTimestamp          = 0xE7
	idSimpleBlock        = 0xA3
	idBlockGroup         = 0xA0
	idBlock              = 0xA1
	idReferenceBlock     = 0xFB
	idEncryptedBlock     = 0xAF
	idCues               = 0x1C53BB6B
	idCuePoint           = 0xBB
	idChapters           = 0x1043A770
	idTags               = 0x1254C367
	idAttachments        = 0x1941A469
)

// names are the names of elements in findings.
var names = map[uint32]string{
	idEBML: "EBML head", idDocType: "DocType", idDocTypeVersion: "DocTypeVersion", idDocTypeReadVersion: "DocTypeReadVersion",
	idVoid: "Void", idCRC32: "CRC-32", idSegment: "Segment", idSeekHead: "SeekHead", idInfo: "Info", idTimestampScale: "TimestampScale",
	idDuration: "Duration", idMuxingApp: "MuxingApp", idWritingApp: "WritingApp", idTracks: "Tracks", idTrackEntry: "TrackEntry",
	idTrackNumber: "TrackNumber", idTrackUID: "TrackUID", idTrackType: "TrackType", idDefaultDuration: "DefaultDuration", idCodecID: "CodecID",
	idCodecPrivate: "CodecPrivate", idCodecDelay: "CodecDelay", idSeekPreRoll: "SeekPreRoll", idVideo: "Video", idPixelWidth: "PixelWidth",
	idPixelHeight: "PixelHeight", idAudio: "Audio", idSamplingFrequency: "SamplingFrequency", idChannels: "Channels",
	idContentEncodings: "ContentEncodings", idCluster: "Cluster", idTimestamp: "Timestamp", idSimpleBlock: "SimpleBlock", idBlockGroup: "BlockGroup",
	idBlock: "Block", idReferenceBlock: "ReferenceBlock", idEncryptedBlock: "EncryptedBlock", idCues: "Cues", idCuePoint: "CuePoint",
	idChapters: "Chapters", idTags: "Tags", idAttachments: "Attachments",
}

// outermost reports whether the element ends every element of unknown size.
func outermost(id uint32) bool { return id == idEBML || id == idSegment }

// top reports whether the element stands directly in a segment, and so ends a cluster of unknown size.
func top(id uint32) bool {
	switch id {
	case idSeekHead, idInfo, idTracks, idCluster, idCues, idChapters, idTags, idAttachments:
		return true
	default:
		return outermost(id)
	}
}
