package evidence

// Operation is an operationId of openapi.yaml; empty for a request that openapi.yaml does not describe.
type Operation string

// The operations that scenarios and checks name.
const (
	CreateSession        Operation = "createSession"
	MigrateSession       Operation = "migrateSession"
	ListConnections      Operation = "listConnections"
	ForceDisconnect      Operation = "forceDisconnect"
	ListStreams          Operation = "listStreams"
	GetStream            Operation = "getStream"
	SetStreamClasses     Operation = "setStreamClasses"
	StartArchive         Operation = "startArchive"
	ListArchives         Operation = "listArchives"
	GetArchive           Operation = "getArchive"
	DeleteArchive        Operation = "deleteArchive"
	StopArchive          Operation = "stopArchive"
	SetArchiveLayout     Operation = "setArchiveLayout"
	ChangeArchiveStreams Operation = "changeArchiveStreams"
	SetArchiveStorage    Operation = "setArchiveStorage"
	PublishStream        Operation = "publishStream"
	PatchPublication     Operation = "patchPublication"
	DeletePublication    Operation = "deletePublication"
	CreateApplication    Operation = "createApplication"
	AdvanceClock         Operation = "advanceClock"
	RotateSession        Operation = "rotateSession"
	ArmFault             Operation = "armFault"
)
