"""Notifications: what people should hear of without looking: by Slack, Teams, e-mail, PagerDuty, webhooks, …"""
