package composed

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/sheets"
	"reelcheck/conformance/target/config"
)

// variant is one short archive of a session with one publisher.
type variant struct {
	label   string // "" for the only variant of a scenario
	options map[string]any
	long    time.Duration
	sheet   string // the example whose style sheet places the streams; "" without a layout
}

// variants returns a scenario that records one publisher several times with different options. Each sound but the first has a client of its own.
func variants(name, title, video string, sounds []string, need []config.Capability, all ...variant) scenario.Scenario {
	within := 60 * time.Second
	for _, t := range all {
		within += 10*time.Second + 2*t.long
	}
	return scenario.Scenario{
		Name: name, Title: title, Needs: append([]config.Capability{config.VP8}, need...), Files: true, Media: 2, Within: within,
		Run: func(ctx context.Context, f *scenario.Flow) error {
			clients := []scenario.Client{{Name: "alice", Video: video, Audio: sounds[0]}}
			for _, sound := range sounds[1:] {
				clients = append(clients, scenario.Client{Name: sound, Audio: sound})
			}
			session, members, err := f.JoinAll(ctx, clients...)
			if err != nil {
				return err
			}
			return runVariants(ctx, f, session, members, all)
		},
	}
}

func runVariants(ctx context.Context, f *scenario.Flow, session string, members []*scenario.Member, all []variant) error {
	sheet, err := sheets.ByName()
	if err != nil {
		return err
	}
	ids := make([]string, len(all))
	for i, t := range all {
		options := maps.Clone(t.options)
		if t.sheet != "" && f.Target.File.Has(config.Layout) {
			options["layout"] = custom(sheet[t.sheet])
		}
		a, err := f.Record(ctx, prefixed(t.label), session, options, t.long)
		if err != nil {
			return err
		}
		ids[i] = a.ID
	}
	for _, m := range members {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	f.Silent()
	for i, t := range all {
		if err := f.DeliverAs(ctx, prefixed(t.label), ids[i]); err != nil {
			return err
		}
		if _, err := f.As.Get(ctx, prefixed(t.label)+"get.delivered", ids[i]); err != nil {
			return err
		}
	}
	_, err = f.As.List(ctx, "list.delivered", url.Values{"sessionId": {session}}, false)
	return err
}

// beside has a scenario first record another session, in which nothing is published of the kind that the archive is to hold.
func beside(label, video, audio string, options map[string]any, s scenario.Scenario) scenario.Scenario {
	rest := s.Run
	s.Within += 20 * time.Second
	s.Run = func(ctx context.Context, f *scenario.Flow) error {
		session, err := f.Session(ctx, label+".session")
		if err != nil {
			return err
		}
		bob, err := f.Join(ctx, session, "bob")
		if err != nil {
			return err
		}
		if err := bob.Publish(ctx, video, audio); err != nil {
			return err
		}
		a, err := f.Record(ctx, prefixed(label), session, options, 2500*time.Millisecond)
		if err != nil {
			return err
		}
		if err := errors.Join(bob.Leave(ctx), rest(ctx, f)); err != nil {
			return err
		}
		return f.DeliverAs(ctx, prefixed(label), a.ID)
	}
	return s
}

func prefixed(label string) string {
	if label == "" {
		return ""
	}
	return label + "."
}

var (
	AudioOnly = beside("pictures", "small-13", "", map[string]any{"name": "sound of pictures", "hasVideo": false},
		variants(scenarios.AudioOnly, "archives without video, one of them of pictures alone", "vp8-06", []string{"tone-06"}, nil,
			variant{options: map[string]any{"name": "audio only", "hasVideo": false}, long: 3 * time.Second}))

	VideoOnly = beside("voices", "", "tone-13", map[string]any{"name": "picture of voices", "hasAudio": false},
		variants(scenarios.VideoOnly, "archives without audio, one with a layout of its own from its start, one of sound alone", "vp8-07", []string{"tone-07"}, nil,
			variant{options: map[string]any{"name": "video only", "hasAudio": false}, long: 3 * time.Second, sheet: "one stream in the middle of the picture"}))

	Sizes = variants(scenarios.Sizes, "archives of four sizes", "vp8-08", []string{"tone-08"}, nil,
		variant{label: "640x480", options: map[string]any{"resolution": "640x480"}, long: 1500 * time.Millisecond},
		variant{label: "480x640", options: map[string]any{"resolution": "480x640"}, long: 2500 * time.Millisecond},
		variant{label: "1280x720", options: map[string]any{"resolution": "1280x720"}, long: 2500 * time.Millisecond},
		variant{label: "720x1280", options: map[string]any{"resolution": "720x1280"}, long: 2500 * time.Millisecond})

	FullHD = variants(scenarios.FullHD, "archives in full HD", "vp8-14", []string{"tone-14"}, []config.Capability{config.FHD},
		variant{label: "1920x1080", options: map[string]any{"resolution": "1920x1080"}, long: 2 * time.Second},
		variant{label: "1080x1920", options: map[string]any{"resolution": "1080x1920"}, long: 2 * time.Second})

	Rates = variants(scenarios.Rates, "archives of moving pictures by quantizer and by bitrate", "motion",
		[]string{"tone-09", "tone-20", "tone-21", "tone-22", "tone-23", "tone-24"}, // a few sounds, so that they take a rate to be shared
		[]config.Capability{config.QP, config.Bitrate},
		variant{label: "qp-default", long: 2500 * time.Millisecond},
		variant{label: "qp-20", options: map[string]any{"quantizationParameter": 20}, long: 2500 * time.Millisecond},
		variant{label: "qp-40", options: map[string]any{"quantizationParameter": 40}, long: 2500 * time.Millisecond},
		variant{label: "bitrate", options: map[string]any{"maxBitrate": 400_000}, long: 21500 * time.Millisecond}) // more than the 20 s over which the rate is constant
)
