/** The policy of the demo, as a user would write it. */
export const DEMO_POLICY = `version: 1
name: demo
description: VIPs stay, test sessions go after a week, visitors' chats after half a year without a message.
mode: dry-run                    # apply is an explicit word and needs no "enforce"
projects:
  include: ["*"]
  exclude: ["*-archive"]
rules:
  - name: vip
    match: { name: { contains: VIP } }
    action: keep
  - name: test-sessions
    match:
      name: ["test-*", "demo*"]
      older_than: 7d
    action: delete
  - name: idle-visitors
    match: { created_by: anonymous, older_than: 6mo, age_from: last_message }
    action: delete
limits:
  max_deletions: 500
  max_percent: 80
`;
