// An app in the browser on oidc-client-ts that has no refresh token: it renews in a frame by prompt=none and watches the
// session at the provider by the library's monitor. What the library does is kept in seen, for the test to look at.
const { authority, client_id } = await (await fetch('/registered')).json()

const manager = new oidc.UserManager({
  authority,
  client_id,
  redirect_uri: `${location.origin}/callback`,
  silent_redirect_uri: `${location.origin}/silent`,
  scope: 'openid profile email',
  loadUserInfo: true,
  monitorSession: true,
  checkSessionIntervalInSeconds: 1,
  accessTokenExpiringNotificationTimeInSeconds: 57,
})

const seen = { answers: {}, renewed: 0, failed: [], changed: 0, signedOut: 0 }

addEventListener('message', ({ data, origin }) => {
  if (origin === new URL(authority).origin) seen.answers[data] = (seen.answers[data] ?? 0) + 1
})
manager.events.addSilentRenewError((error) => seen.failed.push(error.error ?? error.message))
manager.events.addUserSessionChanged(() => seen.changed++)
manager.events.addUserSignedOut(async () => {
  seen.signedOut++
  await manager.removeUser()
  say('Signed out at the provider')
})

function say(text) {
  document.getElementById('said').textContent = text
}

async function attempt(what) {
  try {
    return { user: await what() }
  } catch (error) {
    return { error: error.error ?? error.message }
  }
}

window.app = {
  seen,
  signIn: () => manager.signinRedirect(),
  user: () => attempt(() => manager.getUser()),
  renew: () => attempt(() => manager.signinSilent()),
}

switch (location.pathname) {
  case '/silent': // in the library's frame
    await manager.signinSilentCallback()
    break
  case '/callback': {
    const user = await manager.signinRedirectCallback()
    manager.events.addUserLoaded(() => seen.renewed++)
    history.replaceState(null, '', '/')
    say(`Signed in as ${user.profile.email}`)
    break
  }
  default:
    say('Ready')
}
