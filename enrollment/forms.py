from django import forms

from enrollment.models import Consent


class ConsentForm(forms.Form):
    sign_in = forms.BooleanField(
        label=Consent.Purpose.SIGN_IN.label,
        help_text="Needed. Pictures of my face and the template made from them are stored, encrypted, to recognise me "
        "when I sign in here and to notice one face under two accounts, until I delete them.",
        error_messages={
            "required": "Without this, your face cannot be used to sign in. Your password works as before."
        },
    )
    training = forms.BooleanField(
        label=Consent.Purpose.TRAINING.label,
        required=False,
        help_text="Optional. My accepted pictures may be used to retrain this site's network. They never leave it.",
    )

    @property
    def purposes(self) -> set[str]:
        """The purposes that were ticked."""
        return {name for name, ticked in self.cleaned_data.items() if ticked}
