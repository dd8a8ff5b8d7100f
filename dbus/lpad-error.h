/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * LpadError:
 *
 * Every error that lpad reports, on the bus and between its layers. The nick of a value is the name of the
 * error on the bus; the comment above a value says when it is raised and what the caller can do.
 */
typedef enum
{
  /* Something failed for which no better name exists; the message says what. */
  LPAD_ERROR_FAILED, /*< nick=org.lpad.Lpad1.Error.Failed >*/
  /* The chip, the server or this build does not offer the function. */
  LPAD_ERROR_NOT_SUPPORTED, /*< nick=org.lpad.Lpad1.Error.NotSupported >*/
  /* An argument or option is unknown, of the wrong type or out of range; the message names it. */
  LPAD_ERROR_INVALID_ARGUMENTS, /*< nick=org.lpad.Lpad1.Error.InvalidArguments >*/
  /* polkit (or the missing membership in group lpad) denies the caller this action. */
  LPAD_ERROR_NOT_AUTHORIZED, /*< nick=org.lpad.Lpad1.Error.NotAuthorized >*/
  /* There is no such chip, profile, notification or operation (any more). */
  LPAD_ERROR_NOT_FOUND, /*< nick=org.lpad.Lpad1.Error.NotFound >*/
  /* Too many operations are queued; try again when one has finished. */
  LPAD_ERROR_BUSY, /*< nick=org.lpad.Lpad1.Error.Busy >*/
  /* The caller or the user ended the operation. */
  LPAD_ERROR_CANCELLED, /*< nick=org.lpad.Lpad1.Error.Cancelled >*/
  /* A deadline passed without an answer of the chip or of the user. */
  LPAD_ERROR_TIMEOUT, /*< nick=org.lpad.Lpad1.Error.Timeout >*/
  /* The card or the reader went away in the middle. */
  LPAD_ERROR_CARD_REMOVED, /*< nick=org.lpad.Lpad1.Error.CardRemoved >*/
  /* The chip answered with an error or with something that is not ES10; the status word is in the details. */
  LPAD_ERROR_CARD_ERROR, /*< nick=org.lpad.Lpad1.Error.CardError >*/
  /* The chip is busy with a toolkit session (catBusy), or another program holds the card. */
  LPAD_ERROR_CARD_BUSY, /*< nick=org.lpad.Lpad1.Error.CardBusy >*/
  /* The modem between lpad and the chip failed, or its firmware keeps the chip for itself. */
  LPAD_ERROR_MODEM_ERROR, /*< nick=org.lpad.Lpad1.Error.ModemError >*/
  /* The switch was made on the chip, but the device does not serve the new subscription. */
  LPAD_ERROR_REFRESH_FAILED, /*< nick=org.lpad.Lpad1.Error.RefreshFailed >*/
  /* The new profile did not prove itself in time, and lpad has gone back to the one before. */
  LPAD_ERROR_ROLLED_BACK, /*< nick=org.lpad.Lpad1.Error.RolledBack >*/
  /* The new profile did not prove itself in time, and lpad could not go back from it; the message says why.
   */
  LPAD_ERROR_ROLLBACK_FAILED, /*< nick=org.lpad.Lpad1.Error.RollbackFailed >*/
  /* The activation code has not the form 1$SERVER$MATCHINGID; the message says where it differs. */
  LPAD_ERROR_INVALID_ACTIVATION_CODE, /*< nick=org.lpad.Lpad1.Error.InvalidActivationCode >*/
  /* The order needs a confirmation code and nobody was there to give it. The order stays usable. */
  LPAD_ERROR_CONFIRMATION_CODE_REQUIRED, /*< nick=org.lpad.Lpad1.Error.ConfirmationCodeRequired >*/
  /* The server refused the confirmation code; more tries are left. */
  LPAD_ERROR_CONFIRMATION_CODE_REFUSED, /*< nick=org.lpad.Lpad1.Error.ConfirmationCodeRefused >*/
  /* Too many wrong confirmation codes: the server has blocked the order. */
  LPAD_ERROR_CONFIRMATION_CODE_EXHAUSTED, /*< nick=org.lpad.Lpad1.Error.ConfirmationCodeExhausted >*/
  /* Nobody consented, and unattended consent was not given or not permitted. The order stays usable. */
  LPAD_ERROR_CONSENT_REQUIRED, /*< nick=org.lpad.Lpad1.Error.ConsentRequired >*/
  /* A profile policy rule, or the chip's rules authorisation table, forbids it. */
  LPAD_ERROR_POLICY_VIOLATION, /*< nick=org.lpad.Lpad1.Error.PolicyViolation >*/
  /* The profile or operation is not in a state in which this can be done. */
  LPAD_ERROR_WRONG_STATE, /*< nick=org.lpad.Lpad1.Error.WrongState >*/
  /* A profile with this ICCID is on the chip already. */
  LPAD_ERROR_PROFILE_EXISTS, /*< nick=org.lpad.Lpad1.Error.ProfileExists >*/
  /* The chip has no room for the profile; delete one and try again. */
  LPAD_ERROR_INSUFFICIENT_MEMORY, /*< nick=org.lpad.Lpad1.Error.InsufficientMemory >*/
  /* The order belongs to another chip (EID). */
  LPAD_ERROR_EID_MISMATCH, /*< nick=org.lpad.Lpad1.Error.EidMismatch >*/
  /* The server has no profile that fits this device or chip. */
  LPAD_ERROR_NO_ELIGIBLE_PROFILE, /*< nick=org.lpad.Lpad1.Error.NoEligibleProfile >*/
  /* The operator has not released the order yet; try again later. */
  LPAD_ERROR_NOT_RELEASED, /*< nick=org.lpad.Lpad1.Error.NotReleased >*/
  /* The order's time is over. */
  LPAD_ERROR_ORDER_EXPIRED, /*< nick=org.lpad.Lpad1.Error.OrderExpired >*/
  /* The order was tried too often. */
  LPAD_ERROR_ORDER_EXHAUSTED, /*< nick=org.lpad.Lpad1.Error.OrderExhausted >*/
  /* The server does not know the matching ID, or it has been used. */
  LPAD_ERROR_CODE_REFUSED, /*< nick=org.lpad.Lpad1.Error.CodeRefused >*/
  /* No issuer (CI root) that both the chip and this device trust is installed. */
  LPAD_ERROR_ISSUER_MISSING, /*< nick=org.lpad.Lpad1.Error.IssuerMissing >*/
  /* The server could not be reached, or the connection broke; the order is untouched. */
  LPAD_ERROR_SERVER_UNREACHABLE, /*< nick=org.lpad.Lpad1.Error.ServerUnreachable >*/
  /* The server's TLS certificate is not one of an SM that the chip trusts. */
  LPAD_ERROR_SERVER_NOT_TRUSTED, /*< nick=org.lpad.Lpad1.Error.ServerNotTrusted >*/
  /* The server refused for a reason without a better name; subject and reason code are in the details. */
  LPAD_ERROR_SERVER_REFUSED, /*< nick=org.lpad.Lpad1.Error.ServerRefused >*/
  /* Chip or server broke the protocol: not JSON, a wrong transaction ID, a signature that does not fit ... */
  LPAD_ERROR_PROTOCOL_ERROR, /*< nick=org.lpad.Lpad1.Error.ProtocolError >*/
  /* The chip could not install the package; the reason of the ProfileInstallationResult is in the details. */
  LPAD_ERROR_INSTALLATION_FAILED, /*< nick=org.lpad.Lpad1.Error.InstallationFailed >*/
  /* A certificate is expired or not yet valid because the clock of this device is wrong. */
  LPAD_ERROR_CLOCK_INVALID, /*< nick=org.lpad.Lpad1.Error.ClockInvalid >*/
} LpadError;

#define LPAD_ERROR (lpad_error_quark ())
GQuark lpad_error_quark (void);

G_END_DECLS
