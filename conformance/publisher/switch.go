package publisher

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/fixtures"
)

// register registers the codecs of all tracks, and after them those of videos that may follow.
func (p *publication) register(m *webrtc.MediaEngine, loaded []*track) error {
	manifest, err := fixtures.Load()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	offer := func(codec, kind string) error {
		if known[codec] {
			return nil
		}
		known[codec] = true
		return m.RegisterCodec(codecParameters(codec), codecKind(kind))
	}
	for _, t := range loaded {
		if err := offer(t.codec, t.kind); err != nil {
			return err
		}
	}
	for _, id := range p.options.Switches {
		v, err := manifest.Video(id)
		if err == nil {
			err = offer(v.Codec, "video")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Switch implements Publication.
func (p *publication) Switch(video string) error {
	s, err := p.sender("video")
	if err != nil {
		return err
	}
	manifest, err := fixtures.Load()
	if err != nil {
		return err
	}
	t, err := videoTrack(manifest, video)
	if err != nil {
		return err
	}
	taken := slices.ContainsFunc(s.rtp.GetParameters().Codecs, func(c webrtc.RTPCodecParameters) bool {
		return strings.EqualFold(c.MimeType, codecParameters(t.codec).MimeType)
	})
	if !taken {
		return &target.RefusedError{Label: p.options.Label, Err: fmt.Errorf("the SDP answer does not take %s", t.codec)}
	}
	t.lag = p.options.VideoLag
	s.mu.Lock()
	defer s.mu.Unlock()
	s.then = t
	return nil
}

// switchOver continues the track with the video that Switch left. It writes the last record of what was sent so far and
// gives the next unit its place in time.
func (p *publication) switchOver(s *sender) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.then
	if t == nil || s.muted || s.isAway() || s.isMuted() || !s.told {
		return nil
	}
	s.then = nil
	t.start = s.track.start + s.next*s.track.ticks
	if t.codec != s.track.codec {
		local, err := webrtc.NewTrackLocalStaticRTP(codecParameters(t.codec).RTPCodecCapability, t.kind, p.options.Name)
		if err != nil {
			return err
		}
		if err := s.rtp.ReplaceTrack(local); err != nil {
			return err
		}
		s.local = local
	}
	old := s.pub
	old.Ended, old.Reason, old.Away = true, "switch", slices.Clone(s.away)
	p.words <- word{s.kind, old}
	s.packetizer = s.packetizerOf(t)
	s.pub = evidence.Published{
		Client: old.Client, VideoType: old.VideoType, Classes: old.Classes, ConnectionData: old.ConnectionData,
		Fixture: t.fixture, Kind: t.kind, Codec: t.codec, Rate: t.rate(), LoopUnits: len(t.units),
		Lag: t.lag, SSRC: old.SSRC, Reported: old.Reported, Epoch: old.Epoch.Add(t.due(0) - s.track.due(0)),
	}
	s.packets, s.bytes = s.packets+old.Packets, s.bytes+old.Bytes
	s.track, s.next, s.told = t, 0, false
	return nil
}

// isMuted reports whether a span without units is open. Requires the send loop.
func (s *sender) isMuted() bool {
	return len(s.pub.Muted) > 0 && s.pub.Muted[len(s.pub.Muted)-1].To.IsZero()
}
