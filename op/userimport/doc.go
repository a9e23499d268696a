// Package userimport owns the bulk import of users: lines are taken in their order, some hundred in one transaction with their
// users, what became of each, and the count of those taken. So an import that is interrupted, by whatever, goes on behind its
// last whole transaction, and sending lines again that were taken already makes nothing.
package userimport
