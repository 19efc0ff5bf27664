package check

// Scenarios that show clauses, by the names under which they leave evidence.
const (
	pair        = "composed-pair"
	pause       = "pause-resume"
	cloud       = "cloud"
	noPublisher = "limit-no-publisher"
	allLeft     = "limit-everyone-left"
	idle        = "limit-idle"
	fourHours   = "limit-recorded"
	twelveHours = "limit-total"
	refusals    = "refusals"
	auth        = "auth"
	isolation   = "isolation"
	listing     = "listing"
	undelivered = "undelivered"
	audioOnly   = "audio-only"
	videoOnly   = "video-only"
	sizes       = "sizes"
	fullHD      = "full-hd"
	rates       = "rates"
	codecs      = "codecs"
	legacy      = "legacy"

	simultaneous = "simultaneous"
	automatic    = "automatic"
	autoDay      = "automatic-day"
	autoSilent   = "automatic-silent"
	selection    = "selection"
)

func in(scenarios ...string) []string { return scenarios }
