package check

// Scenarios that show clauses, by the names under which they leave evidence.
const (
	Pair        = "composed-pair"
	Pause       = "pause-resume"
	Cloud       = "cloud"
	NoPublisher = "limit-no-publisher"
	AllLeft     = "limit-everyone-left"
	Idle        = "limit-idle"
	FourHours   = "limit-recorded"
	TwelveHours = "limit-total"
	Refusals    = "refusals"
	Auth        = "auth"
	Isolation   = "isolation"
	Listing     = "listing"
	Undelivered = "undelivered"
	AudioOnly   = "audio-only"
	VideoOnly   = "video-only"
	Sizes       = "sizes"
	FullHD      = "full-hd"
	Rates       = "rates"
	Codecs      = "codecs"
	Legacy      = "legacy"

	Simultaneous = "simultaneous"
	Automatic    = "automatic"
	AutoDay      = "automatic-day"
	AutoSilent   = "automatic-silent"
	Selection    = "selection"
	Encryption   = "encryption"

	Presence    = "presence"
	Retry       = "callback-retry"
	Recovers    = "upload-recovers"
	GivenUp     = "upload-given-up"
	FallsBack   = "upload-falls-back"
	Azure       = "azure"
	Broken      = "recording-fails"
	Rotation    = "rotation"
	AutoOverlap = "automatic-overlap"

	Many    = "many-streams"
	Layouts = "layouts"
	Screens = "screens"
	Mutes   = "mutes"
)

func In(scenarios ...string) []string { return scenarios }
