package tenantry

// Reason tells why a call failed. It is an error too, so that [errors.Is] can look
// for it; a server may know reasons that are not among the constants.
type Reason string

// Error returns the reason.
func (r Reason) Error() string { return string(r) }

// ReasonClientClosed is the one reason that no server sends: the client was closed
// before the call.
const ReasonClientClosed Reason = "CLIENT_CLOSED"

// The reasons of the server; the protos tell what each of them means.
const (
	ReasonDatabaseNotFound    Reason = "DATABASE_NOT_FOUND"
	ReasonGroupNotFound       Reason = "GROUP_NOT_FOUND"
	ReasonTokenNotFound       Reason = "TOKEN_NOT_FOUND"
	ReasonMigrationNotFound   Reason = "MIGRATION_NOT_FOUND"
	ReasonAlreadyExists       Reason = "ALREADY_EXISTS"
	ReasonInvalidName         Reason = "INVALID_NAME"
	ReasonInvalidArgument     Reason = "INVALID_ARGUMENT"
	ReasonInvalidPageToken    Reason = "INVALID_PAGE_TOKEN"
	ReasonWrongKind           Reason = "WRONG_KIND"
	ReasonGroupNotEmpty       Reason = "GROUP_NOT_EMPTY"
	ReasonSchemaNotEmpty      Reason = "SCHEMA_NOT_EMPTY"
	ReasonDeleteProtected     Reason = "DELETE_PROTECTED"
	ReasonNotDeleted          Reason = "NOT_DELETED"
	ReasonEtagMismatch        Reason = "ETAG_MISMATCH"
	ReasonRequestIDReused     Reason = "REQUEST_ID_REUSED"
	ReasonTokenMissing        Reason = "TOKEN_MISSING"
	ReasonTokenInvalid        Reason = "TOKEN_INVALID"
	ReasonTokenExpired        Reason = "TOKEN_EXPIRED"
	ReasonTokenRevoked        Reason = "TOKEN_REVOKED"
	ReasonPermissionDenied    Reason = "PERMISSION_DENIED"
	ReasonAttachNotAllowed    Reason = "ATTACH_NOT_ALLOWED"
	ReasonAttachLimit         Reason = "ATTACH_LIMIT"
	ReasonInvalidAttachment   Reason = "INVALID_ATTACHMENT"
	ReasonOperationBlocked    Reason = "OPERATION_BLOCKED"
	ReasonReadsBlocked        Reason = "READS_BLOCKED"
	ReasonWritesBlocked       Reason = "WRITES_BLOCKED"
	ReasonSQLError            Reason = "SQL_ERROR"
	ReasonConstraint          Reason = "CONSTRAINT"
	ReasonReadOnly            Reason = "READ_ONLY"
	ReasonResultTooLarge      Reason = "RESULT_TOO_LARGE"
	ReasonStatementTooLarge   Reason = "STATEMENT_TOO_LARGE"
	ReasonArgumentMismatch    Reason = "ARGUMENT_MISMATCH"
	ReasonSizeLimit           Reason = "SIZE_LIMIT"
	ReasonStorageFull         Reason = "STORAGE_FULL"
	ReasonDatabaseCorrupt     Reason = "DATABASE_CORRUPT"
	ReasonTransactionTimeout  Reason = "TRANSACTION_TIMEOUT"
	ReasonTransactionState    Reason = "TRANSACTION_STATE"
	ReasonBusy                Reason = "BUSY"
	ReasonMigrationFailed     Reason = "MIGRATION_FAILED"
	ReasonMigrationNotAllowed Reason = "MIGRATION_NOT_ALLOWED"
	ReasonMigrationInProgress Reason = "MIGRATION_IN_PROGRESS"
	ReasonMigrationDecided    Reason = "MIGRATION_DECIDED"
	ReasonGenerationMismatch  Reason = "GENERATION_MISMATCH"
	ReasonChildQuarantined    Reason = "CHILD_QUARANTINED"
	ReasonOverloaded          Reason = "OVERLOADED"
	ReasonDeadline            Reason = "DEADLINE"
	ReasonCancelled           Reason = "CANCELLED"
	ReasonUnimplemented       Reason = "UNIMPLEMENTED"
	ReasonUnavailable         Reason = "UNAVAILABLE"
	ReasonInternal            Reason = "INTERNAL"
)
