package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"reelcheck/reference/internal/store/postgrestest"
)

var (
	crashKills = flag.Int("crash.kills", 5, "how often TestCrashDay kills the server")
	crashSeed  = flag.Uint64("crash.seed", 0, "what TestCrashDay draws its instants from, 0 = one of its own")
	crashPg    = flag.Bool("crash.postgres", false, "TestCrashDay is on PostgreSQL")
	crashLine  string // result of TestCrashDay, the last line of the program's output
)

const (
	lifeMost  = 2 * time.Second        // longest life, counted from ready
	birthMost = 400 * time.Millisecond // longest life that may end before ready
	births    = 6                      // one life in this many may

	// eveningWithin is how long everything may take to come to its end. What has not ended by then is stuck.
	eveningWithin = 45 * time.Second
)

// crashDay is a data directory, the applications that use it, and what they know about it.
type crashDay struct {
	*observer
	rng      *rand.Rand // used only by the test's goroutine
	data     string
	settings []string // settings of the server
	apps     []*applicant
}

// TestCrashDay lets applications live through days of policy time on a server that is killed again and again, at random instants, not at chosen
// ones as in the tests of single crashes.
func TestCrashDay(t *testing.T) {
	t.Parallel()
	seed := *crashSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	fmt.Printf("crash: seed=%d\n", seed)
	d := &crashDay{observer: newObserver(t), rng: rand.New(rand.NewPCG(seed, 0)), data: filepath.Join(t.TempDir(), "data")}
	if *crashPg {
		d.postgres = postgrestest.Start(t).Database(t)
		d.settings = []string{"--database", d.postgres}
	}
	d.open(t, seed)
	kills := 0
	for n := range *crashKills {
		t.Run(fmt.Sprint("life ", n+1), d.life)
		kills++
		if d.inspect(d.data); t.Failed() {
			break
		}
	}
	t.Run("evening", d.evening)
	d.check()
	crashLine = fmt.Sprintf("crash: kills=%d lost=%d duplicated_states=%d missing_webhooks=%d", kills, d.lost, d.duplicated, d.missing)
	t.Logf("%d archives, %v, %d webhooks, steps %v", len(d.known), d.finals(), d.hooks.count(), d.progress())
}

// open creates the applications, in a life of their own.
func (d *crashDay) open(t *testing.T, seed uint64) {
	t.Helper()
	p := start(t, d.data, d.settings...)
	for i, a := range []*applicant{
		{name: "fallback", bucket: openMoody(t), tags: []string{""}},
		{name: "strict", bucket: openMoody(t), tags: []string{""}},
		{name: "cloud", tags: []string{"", "second"}},
		{name: "always", always: true, video: true},
		{name: "manual", manual: true, tags: []string{""}},
		{name: "individual", bucket: openMoody(t), tags: []string{"", "second", "composed"}, individual: []string{"", "second"}},
		{name: "individual, manual", manual: true, tags: []string{"", "composed"}, individual: []string{""}},
	} {
		settings := map[string]any{"name": a.name, "archiveCallbackUrl": d.hooks.url, "sessionCallbackUrl": d.hooks.url}
		if a.bucket != nil {
			storage := a.bucket.storage()
			if a.name == "fallback" {
				storage["fallback"] = "opentok"
			}
			if a.name == "strict" {
				storage["certificate"] = newKeyHolder(t).certificate
			}
			settings["storage"] = storage
		}
		a.client = isolatedClient(t, p, settings)
		a.day, a.rng, a.tb = d.observer, rand.New(rand.NewPCG(seed, uint64(i+1))), t
		d.buckets[a.client.app.ID], d.mayFail[a.client.app.ID] = a.bucket, a.name == "strict"
		d.apps = append(d.apps, a)
	}
	p.kill()
}

// life runs the server once, until its kill.
func (d *crashDay) life(t *testing.T) {
	p, first := launch(t, d.data, d.settings...)
	if d.rng.IntN(births) == 0 {
		time.Sleep(d.upTo(birthMost))
		p.kill()
		return
	}
	p.awaitReady(first)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var working sync.WaitGroup
	for _, a := range d.apps {
		working.Go(func() { a.live(ctx, p) })
	}
	time.Sleep(d.upTo(lifeMost))
	p.kill()
	cancel()
	working.Wait()
}

func (d *crashDay) upTo(most time.Duration) time.Duration {
	return time.Duration(d.rng.Int64N(int64(most)))
}

// evening is the last life. Nothing fails, nobody new comes, and everything must come to its end.
func (d *crashDay) evening(t *testing.T) {
	p := start(t, d.data, d.settings...)
	ctx, cancel := context.WithTimeout(t.Context(), eveningWithin)
	defer cancel()
	d.hooks.calm()
	for _, a := range d.apps {
		if a.bucket != nil {
			a.bucket.down.Store(false)
		}
		a.begin(ctx, p)
		if err := a.finish(); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
	}
	p.terminate()
	d.inspect(d.data)
	d.expectNothingOwed(d.data)
}

func (d *crashDay) progress() (steps []int) {
	for _, a := range d.apps {
		steps = append(steps, a.cycle*len(a.script())+a.at)
	}
	return steps
}
