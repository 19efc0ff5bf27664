// Package individual has the scenarios about individual archives: a ZIP with a file for each stream.
package individual

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	// seen is the time that is recorded between two changes. It is longer than a stream may take to begin, so that its
	// middle is judged.
	seen = 2500 * time.Millisecond
)

// needs lists the capabilities that every scenario with media needs.
var needs = []config.Capability{config.Individual, config.VP8}

// units is the ability that clients need so that their files can be compared with what they sent, unit by unit.
var units = []config.Ability{config.CanUnits}

// options returns the options of a start.
func options(title string, more map[string]any) map[string]any {
	o := map[string]any{"name": title, "outputMode": "individual"}
	for k, v := range more {
		o[k] = v
	}
	return o
}

// Kinds has streams and archives with audio alone, with video alone, and with other codecs than the application prefers.
var Kinds = scenario.Scenario{
	Name: scenarios.Kinds, Title: "individual archives of sound alone, of pictures alone and of both, with streams of each kind and codec",
	Needs: needs, Files: true, Clients: units, Media: 2, Within: 90 * time.Second, Run: runKinds,
}

func runKinds(ctx context.Context, f *scenario.Flow) error {
	parts := []scenario.Client{
		{Name: "alice", Video: "small-01", Audio: "tone-31"},
		{Name: "bob", Audio: "tone-32"},
		{Name: "carol", Video: "small-02", Kind: scenario.Kind{VideoType: "custom"}},
	}
	if f.Target.File.Has(config.VP9) {
		parts = append(parts, scenario.Client{Name: "dave", Video: "vp9", Audio: "tone-33"})
	}
	if f.Target.File.Has(config.H264) {
		parts = append(parts, scenario.Client{Name: "erin", Video: "h264-04", Audio: "tone-34"})
	}
	session, members, err := f.JoinAll(ctx, parts...)
	if err != nil {
		return err
	}
	archives, err := recordEach(ctx, f, session)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	for _, k := range kinds {
		if err := f.DeliverAs(ctx, k.label+".", archives[k.label].ID); err != nil {
			return err
		}
		if _, err := f.As.Get(ctx, k.label+".get.delivered", archives[k.label].ID); err != nil {
			return err
		}
	}
	return nil
}

// kinds are the archives that the scenario makes.
var kinds = []struct {
	label   string
	options map[string]any
}{
	{"both", nil},
	{"sounds", map[string]any{"hasVideo": false}},
	{"pictures", map[string]any{"hasAudio": false}},
}

// recordEach records the session in each way, at the same time if the target supports that.
func recordEach(ctx context.Context, f *scenario.Flow, session string) (map[string]scenario.Started, error) {
	archives := map[string]scenario.Started{}
	together := f.Target.File.Has(config.Simultaneous)
	for _, k := range kinds {
		o := options(k.label, k.options)
		if together {
			o["multiArchiveTag"] = k.label
		}
		a, err := f.Start(ctx, k.label+".start", session, o)
		if err != nil {
			return nil, err
		}
		archives[k.label] = a
		if k.label == "both" {
			if err := arrange(ctx, f, a.ID); err != nil {
				return nil, err
			}
		}
		if together {
			continue
		}
		if err := clock.Sleep(ctx, seen); err != nil {
			return nil, err
		}
		if err := f.Stop(ctx, k.label+".stop", a.ID); err != nil {
			return nil, err
		}
	}
	if !together {
		return archives, nil
	}
	if err := clock.Sleep(ctx, seen); err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if err := f.Stop(ctx, k.label+".stop", archives[k.label].ID); err != nil {
			return nil, err
		}
	}
	return archives, nil
}

// arrange requests a layout, which individual archives do not have.
func arrange(ctx context.Context, f *scenario.Flow, archive string) error {
	if !f.Target.File.Has(config.Layout) {
		return nil
	}
	if _, err := f.As.Arrange(ctx, "layout", archive, map[string]any{"type": "pip"}, false); err != nil {
		return err
	}
	_, err := f.As.Get(ctx, "get.layout", archive)
	return err
}
