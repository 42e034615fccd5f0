import { ImageOff } from "lucide-react";
import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { text } from "../text/en";
import { Button, buttonClass } from "../ui/Button";
import { Message } from "../ui/Message";
import { usePageTitle } from "../ui/usePageTitle";

export function NotFound() {
  usePageTitle(text.errors.notFoundTitle);
  return (
    <Message
      icon={<ImageOff />}
      title={text.errors.notFoundTitle}
      action={
        <Link to="/" className={buttonClass("primary")}>
          {text.errors.goHome}
        </Link>
      }
    >
      <p>{text.errors.notFound}</p>
    </Message>
  );
}

/** Shown instead of a page that threw, a new release having taken away its files for instance. */
export function Crashed() {
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  return (
    <Message
      icon={<ImageOff />}
      title={text.errors.title}
      action={
        <Button look="primary" onClick={() => location.reload()}>
          {text.errors.reload}
        </Button>
      }
    >
      <p>{text.errors.crashed}</p>
    </Message>
  );
}
