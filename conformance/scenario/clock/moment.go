package clock

import "time"

// Moments to which flows move the clock. They do not judge: the limits themselves are in the ledger.
const (
	FirstMinute  = time.Minute
	LastMinute   = time.Minute
	IdleHour     = time.Hour
	RecordedTime = 4 * time.Hour
	TotalTime    = 12 * time.Hour
	CloudPeriod  = 72 * time.Hour
	// Margin is the distance from a limit at which a flow looks, before it or after it.
	Margin = 10 * time.Second
	// JustBefore is the distance before a limit at which a flow looks last. A target may be a second early.
	JustBefore = 3 * time.Second
)
