// Package name has the names of the scenarios, under which they leave evidence and by which checks find it.
package name

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

	Presentations = "presentations"
)
