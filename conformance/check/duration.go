package check

import (
	"fmt"
	"time"

	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/course"
)

// DurationOf compares the duration that an archive tells with the recorded time. An encrypted one tells none.
func (c *Case) DurationOf(s facts.Sighting, k course.Course, allow time.Duration) {
	if h := c.ByID[s.Text("id")]; h != nil && c.Encrypted(h) {
		return
	}
	least, most := k.Recorded()
	n, ok := s.Whole("duration")
	got := time.Duration(n) * time.Second
	c.Want(ok && got >= least-allow && got <= most+allow, fmt.Sprintf("duration %.1f to %.1f s, give or take %v", least.Seconds(), most.Seconds(), allow),
		s.Show("duration"), s.At)
}
