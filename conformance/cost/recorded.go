package cost

import (
	_ "embed"
	"encoding/json"
	"slices"
	"time"
)

//go:embed recorded.json
var recorded []byte

// Recorded returns what each scenario did to the reference server in a recorded run, by its name. It is generated: go test
// ./conformance/mutants -run '^TestCosts$' -update.
func Recorded() (map[string]Scenario, error) {
	var out map[string]Scenario
	err := json.Unmarshal(recorded, &out)
	return out, err
}

// Job is work that takes a number of slots for a time.
type Job struct {
	Slots int
	Takes time.Duration
}

// Schedule returns how long jobs take that begin in their order, each as soon as enough of the slots are free.
func Schedule(slots int, jobs []Job) time.Duration {
	type running struct {
		slots int
		ends  time.Duration
	}
	var busy []running
	now, end, free := time.Duration(0), time.Duration(0), slots
	for _, j := range jobs {
		for free < j.Slots {
			i := 0
			for k := range busy {
				if busy[k].ends < busy[i].ends {
					i = k
				}
			}
			now, free = max(now, busy[i].ends), free+busy[i].slots
			busy = slices.Delete(busy, i, i+1)
		}
		free -= j.Slots
		busy = append(busy, running{j.Slots, now + j.Takes})
		end = max(end, now+j.Takes)
	}
	return end
}
